import RunLayout
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The system calls of this module; a failure is a `CheckpointError` with the system's reason.
enum System {
    static func error(_ path: String, _ action: String, _ code: Int32) -> CheckpointError {
        let reason: String
        switch code {
        case ENOSPC: reason = "no space left on device"
        case EDQUOT: reason = "disk quota exceeded"
        case ENOENT: reason = "no such file or folder"
        case EACCES, EPERM: reason = "permission denied"
        case EROFS: reason = "read-only file system"
        case ENOTDIR: reason = "a part of the path is not a folder"
        case EISDIR: reason = "it is a folder"
        case ENXIO: reason = "no program reads from this pipe"
        default: reason = String(cString: strerror(code)).lowercased()
        }
        return CheckpointError(path, "cannot \(action), \(reason)")
    }

    /// Repeats a call while it is interrupted; a negative result is an error.
    @discardableResult
    static func call<Result: SignedInteger>(_ path: String, _ action: String, _ body: () -> Result) throws -> Result {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw error(path, action, code) }
        }
    }

    enum Kind { case file, folder, link, other }

    /// What stands at a path, without following a link at its end unless asked to; nil where nothing stands.
    static func kind(_ path: String, followingLinks: Bool = false) -> Kind? {
        var info = stat()
        guard (followingLinks ? stat(path, &info) : lstat(path, &info)) == 0 else { return nil }
        return kind(info)
    }

    private static func kind(_ info: stat) -> Kind {
        switch info.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }

    /// An open regular file for reading, and its size.
    final class Reader {
        let path: String
        let size: Int
        private let descriptor: Int32

        init(_ path: String) throws {
            self.path = path
            // Without O_NONBLOCK, opening a named pipe would wait for a writer.
            descriptor = try System.openFile(path, "read the file", O_RDONLY | O_NONBLOCK)
            var info = stat()
            let found = fstat(descriptor, &info) == 0 ? System.kind(info) : .other
            size = Int(info.st_size)
            if found != .file {
                // The initialiser is complete here, so `deinit` closes the file.
                throw CheckpointError(
                    path, found == .folder ? ForeignFile.folder(path) : "this \(RegularFile.kind(info))")
            }
        }

        deinit { close(descriptor) }

        /// The bytes of a range that lies within the size.
        func bytes(_ range: Range<Int>) throws -> [UInt8] {
            try Array(unsafeUninitializedCapacity: range.count) { buffer, filled in
                while filled < range.count {
                    let wanted = min(range.count - filled, 1 << 30)
                    let count = try System.call(path, "read the file") {
                        pread(descriptor, buffer.baseAddress! + filled, wanted, off_t(range.lowerBound + filled))
                    }
                    guard count > 0 else { throw CheckpointError(path, "the file became shorter while it was read") }
                    filled += count
                }
            }
        }
    }

    static func names(in folder: String) throws -> [String] {
        guard let handle = opendir(folder) else { throw error(folder, "read the folder", errno) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func writeAll(_ descriptor: Int32, _ bytes: [UInt8], path: String) throws {
        try bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                // Systems limit one call to a little less than 2^31 bytes.
                written += try call(path, "write the file") {
                    write(descriptor, buffer.baseAddress! + written, min(buffer.count - written, 1 << 30))
                }
            }
        }
    }

    static func openFile(_ path: String, _ action: String, _ flags: Int32) throws -> Int32 {
        try call(path, action) { open(path, flags | O_CLOEXEC, 0o666) }
    }

    /// Waits until a file's or folder's data is on the disk, where the file system can say so.
    static func synchronize(_ descriptor: Int32, path: String) throws {
        #if canImport(Darwin)
            if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
        #endif
        while fsync(descriptor) != 0 {
            let code = errno
            if code == EINVAL || code == ENOTSUP { return }
            if code != EINTR { throw error(path, "write the file", code) }
        }
    }

    static func synchronizeFolder(_ folder: String) throws {
        let descriptor = try openFile(folder, "open the folder", O_RDONLY)
        defer { close(descriptor) }
        try synchronize(descriptor, path: folder)
    }

    /// Creates a folder and those above it where they are missing.
    static func makeFolder(_ path: String) throws {
        if kind(path, followingLinks: true) == .folder { return }
        let parent = folder(of: path)
        if parent != path { try makeFolder(parent) }
        if mkdir(path, 0o777) != 0 {
            let code = errno
            if kind(path, followingLinks: true) == .folder { return }
            throw code == EEXIST
                ? CheckpointError(path, "expected a folder, found a file") : error(path, "create the folder", code)
        }
        try synchronizeFolder(parent)
    }

    /// Removes a file, a link (not what it points to) or an empty folder; nothing there is no error.
    static func remove(_ path: String) throws {
        let isFolder = kind(path) == .folder
        if (isFolder ? rmdir(path) : unlink(path)) != 0, errno != ENOENT {
            throw error(path, isFolder ? "remove the folder" : "remove the file", errno)
        }
    }

    static func folder(of path: String) -> String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    static func lastName(of path: String) -> String {
        String(path.split(separator: "/").last ?? "")
    }
}
