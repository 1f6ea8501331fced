import CImages

/// Where the file of an image lies: in a folder, or within a tar file, from which it is read in place.
package enum ImageSource: Sendable, Hashable {
    case file(String)
    case member(TarMember, of: String)

    /// The path; of a member that of the tar file with its own name behind it.
    var name: String {
        switch self {
        case .file(let path): path
        case .member(let member, let path): path + "/" + member.name
        }
    }

    /// The image.
    /// - Throws: `DatasetError` where it cannot be read or decoded.
    func decoded() throws -> Image {
        switch self {
        case .file(let path): try ImageKind.decode(path)
        case .member: try Image(decoding: bytes(), name: FileName.shown(name))
        }
    }

    /// What the header of the image says.
    func shape() throws -> ImageShape {
        switch self {
        case .file(let path): return try ImageShape(contentsOf: path)
        case .member(let member, let path):
            // Of most files the first part is enough; TIFF may have its header anywhere.
            let enough = 1 << 17
            let start = try member.bytes(of: path, limit: enough)
            let isTIFF = hb_image_format(start, start.count) == HB_IMAGE_TIFF
            if member.size <= enough || !isTIFF, let shape = try? ImageShape(decoding: start, name: name) {
                return shape
            }
            return try ImageShape(decoding: bytes(), name: name)
        }
    }

    /// The file's bytes.
    func bytes() throws -> [UInt8] {
        switch self {
        case .file(let path): return try readFile(path, maximum: Image.maximumFileSize)
        case .member(let member, let path):
            guard member.size <= Image.maximumFileSize else {
                throw DatasetError(
                    name, "the file has \(member.size) bytes, more than the limit of \(Image.maximumFileSize)")
            }
            return try member.bytes(of: path)
        }
    }
}
