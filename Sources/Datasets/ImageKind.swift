import CImages

/// What makes a file an image, whether it can be decoded or not.
enum ImageKind {
    /// Endings of pictures; such a file takes part in a data set, and is a broken one where it cannot be decoded.
    static let endings: Set<String> = [
        "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "png", "apng", "webp", "bmp", "dib", "gif", "tif", "tiff", "heic",
        "heif", "avif", "jxl", "jp2", "j2k", "jpx", "psd", "tga", "pcx", "pbm", "pgm", "ppm", "pnm", "exr", "dcm",
        "cr2", "cr3", "nef", "arw", "dng", "orf", "rw2", "raf",
    ]

    /// How many bytes tell a format.
    private static let startLength = 32

    /// Whether a file is a picture: by its ending, or by its first bytes.
    static func isImage(_ path: String) -> Bool {
        if endings.contains(FileName.ending(path)) { return true }
        guard let start = try? readFile(path, limit: startLength) else { return false }
        return hb_image_format(start, start.count) != 0 || name(of: start) != nil
    }

    /// The format that the first bytes tell of.
    static func name(of start: [UInt8]) -> String? {
        func has(_ bytes: [UInt8], at position: Int = 0) -> Bool {
            start.count >= position + bytes.count && Array(start[position..<position + bytes.count]) == bytes
        }
        func has(_ text: String, at position: Int = 0) -> Bool { has(Array(text.utf8), at: position) }
        if has([0xFF, 0xD8, 0xFF]) { return "JPEG" }
        if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "PNG" }
        if has("GIF87a") || has("GIF89a") { return "GIF" }
        if has("RIFF") && has("WEBP", at: 8) { return "WebP" }
        if has([0x49, 0x49, 0x2A, 0]) || has([0x4D, 0x4D, 0, 0x2A]) || has([0x49, 0x49, 0x2B, 0]) { return "TIFF" }
        if has("BM") && has([0, 0, 0, 0], at: 6) { return "BMP" }
        if has("ftyp", at: 4) {
            let brand = String(decoding: start.dropFirst(8).prefix(4), as: UTF8.self)
            if ["avif", "avis"].contains(brand) { return "AVIF" }
            if ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"].contains(brand) { return "HEIC" }
        }
        if has([0, 0, 0, 0x0C]) && has("JXL ", at: 4) { return "JPEG XL" }
        if has([0, 0, 0, 0x0C]) && has("jP  ", at: 4) { return "JPEG 2000" }
        if has("8BPS") { return "Photoshop" }
        return nil
    }

    /// Decodes a file; where its format is none that can be read, the error says which one it is and what to do.
    static func decode(_ path: String) throws -> Image {
        do { return try Image(contentsOf: path) } catch let error as DatasetError {
            guard let start = try? readFile(path, limit: startLength), hb_image_format(start, start.count) == 0 else {
                throw error
            }
            if start.isEmpty { throw DatasetError(path, "the file is empty") }
            let advice = "which cannot be read; convert it to PNG or JPEG"
            if let name = name(of: start) {
                throw DatasetError(path, "this is a picture in the format \(name), \(advice)")
            }
            let ending = FileName.ending(path)
            if !["jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "png"].contains(ending), endings.contains(ending) {
                throw DatasetError(
                    path, "\(error.problem); a picture of another format must be converted to PNG or JPEG")
            }
            throw error
        }
    }
}
