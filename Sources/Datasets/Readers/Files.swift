import Foundation

/// A regular file that is read piece by piece.
final class InputFile: Sendable {
    let path: String
    let size: Int
    private let descriptor: Int32

    init(_ path: String) throws {
        // Without waiting: opening a named pipe would otherwise hang.
        let descriptor = FileName.withBytes(path) { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else {
            let reason = errno == ENOENT && isSymbolicLink(path) ? "the link leads nowhere" : systemError()
            throw DatasetError(path, "the file cannot be opened (\(reason))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = systemError()
            close(descriptor)
            throw DatasetError(path, "the file cannot be read (\(reason))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw DatasetError(path, "this is not a regular file")
        }
        (self.path, size, self.descriptor) = (path, Int(status.st_size), descriptor)
    }

    deinit { close(descriptor) }

    /// Appends the next bytes, as many as there is room for.
    /// - Returns: how many; fewer than there is room for at the end of the file alone.
    @discardableResult
    func append(to target: inout OutputSpan<UInt8>) throws -> Int {
        // The only place where a file's bytes meet memory without a check; the system is told how much room there is.
        try target.withUnsafeMutableBufferPointer { buffer, count throws(any Error) in
            let start = count
            while count < buffer.count {
                let got = Foundation.read(descriptor, buffer.baseAddress! + count, buffer.count - count)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { throw DatasetError(path, "the file cannot be read (\(systemError()))") }
                if got == 0 { break }
                count += got
            }
            return count - start
        }
    }

    /// `count` bytes from an offset on, whatever was read before; fewer at the end of the file alone. From any thread.
    func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { throw DatasetError(path, "the file cannot be read (\(systemError()))") }
                if got == 0 { break }
                filled += got
            }
        }
    }

    /// The next `count` bytes; fewer at the end of the file alone.
    func next(_ count: Int) throws -> [UInt8] {
        try [UInt8](capacity: count) { target throws(any Error) in try append(to: &target) }
    }
}

/// The bytes of a file, or its first `limit`; a file of more than `maximum` bytes is an error.
package func readFile(_ path: String, limit: Int = .max, maximum: Int = 1 << 36) throws -> [UInt8] {
    let file = try InputFile(path)
    let size = min(file.size, limit)
    guard size <= maximum else {
        throw DatasetError(path, "the file has \(size) bytes, more than the limit of \(maximum)")
    }
    return try file.next(size)
}

func systemError() -> String { String(cString: strerror(errno)) }

func isFolder(_ path: String) -> Bool {
    var status = stat()
    return FileName.withBytes(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func isSymbolicLink(_ path: String) -> Bool {
    var status = stat()
    return FileName.withBytes(path) { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFLNK
}

func exists(_ path: String) -> Bool { FileName.withBytes(path) { access($0, F_OK) } == 0 }

/// Tells a file or folder from all others, whatever name or link leads to it.
struct FileIdentity: Hashable {
    private let device: UInt64
    private let number: UInt64

    /// `nil` where nothing is.
    init?(_ path: String) {
        var status = stat()
        guard FileName.withBytes(path, { stat($0, &status) }) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
    }
}

/// Whether two paths lead to the same file or folder.
package func isSameFile(_ first: String, _ second: String) -> Bool {
    guard let one = FileIdentity(first), let other = FileIdentity(second) else { return false }
    return one == other
}
