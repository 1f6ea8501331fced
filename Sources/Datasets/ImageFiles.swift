/// What tells image files from others before they are opened.
public enum ImageFiles {
    /// Endings of image files, whether or not they can be decoded: what cannot is told, not passed over.
    public static let endings: Set<String> = [
        "jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "gif", "tif", "tiff",
    ]
}
