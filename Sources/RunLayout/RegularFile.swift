#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Small files of a run's folder, read without ever waiting: opening a named pipe would wait for its writer, and a
/// device has no end.
public enum RegularFile {
    /// What was found at a path.
    public enum Content: Equatable, Sendable {
        /// Nothing stands there, or it may not be read.
        case absent
        /// Something else than a file, or a file beyond the limit; the sentence goes on from the file's name.
        case refused(String)
        case bytes([UInt8])

        /// The bytes of a file, nil where there is none.
        public var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
        /// The bytes as text, with replacements for what is no UTF-8.
        public var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    }

    /// The whole of a file.
    public static func read(_ path: String, limit: Int = 1 << 28) -> Content {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            var info = stat()
            guard stat(path, &info) == 0 else { return .absent }
            return info.st_mode & S_IFMT == S_IFREG ? .absent : .refused(kind(info))
        }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { return .absent }
        guard info.st_mode & S_IFMT == S_IFREG else { return .refused(kind(info)) }
        let size = Int(info.st_size)
        guard size <= limit else { return .refused("has \(size) bytes, more than the limit of \(limit)") }
        var filled = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while filled < size, let base = buffer.baseAddress {
                let got = pread(descriptor, base + filled, size - filled, off_t(filled))
                if got < 0, errno == EINTR { continue }
                if got <= 0 { break }
                filled += got
            }
            count = filled
        }
        return .bytes(bytes)
    }

    /// What stands in a file's place, in words that go on from its name.
    public static func kind(_ info: stat) -> String {
        switch info.st_mode & S_IFMT {
        case S_IFDIR: "is a folder, expected a file"
        case S_IFIFO: "is a named pipe, expected a file"
        case S_IFSOCK: "is a socket, expected a file"
        case S_IFCHR, S_IFBLK: "is a device, expected a file"
        default: "is no regular file"
        }
    }
}
