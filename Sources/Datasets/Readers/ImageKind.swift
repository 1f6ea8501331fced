import CImages

/// What makes a file an image, whether it can be decoded or not.
package enum ImageKind {
    /// Endings of pictures; such a file takes part in a data set, and is a broken one where it cannot be decoded.
    static let endings: Set<String> = unread.union([
        "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "png", "apng", "webp", "bmp", "dib", "gif", "tif", "tiff",
    ])

    /// Those of formats that are not read.
    private static let unread: Set<String> = [
        "heic", "heif", "avif", "jxl", "jp2", "j2k", "jpx", "psd", "tga", "pcx", "pbm", "pgm", "ppm", "pnm", "exr",
        "dcm", "cr2", "cr3", "nef", "arw", "dng", "orf", "rw2", "raf",
    ]

    /// How many bytes tell a format.
    private static let startLength = 32

    /// Whether a file is a picture: by its ending, or by its first bytes.
    package static func isImage(_ path: String) -> Bool {
        if endings.contains(FileName.ending(path)) { return true }
        guard let start = try? readFile(path, limit: startLength) else { return false }
        return hb_image_format(start, start.count) != 0
    }

    /// Decodes a file; one with the ending of a format that is not read is named with what to do about it. What the first
    /// bytes tell, the decoder says itself.
    static func decode(_ path: String) throws -> Image {
        do { return try Image(contentsOf: path) } catch let error as DatasetError {
            let ending = FileName.ending(path)
            guard unread.contains(ending), let start = try? readFile(path, limit: startLength), !start.isEmpty,
                hb_image_format(start, start.count) == 0
            else { throw error }
            throw DatasetError(
                path, "\(error.problem); a picture of another format must be converted to PNG or JPEG")
        }
    }
}
