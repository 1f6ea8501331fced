// Recording: what a program writes down of itself while it runs.

import JSON
import RunLayout
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A log that cannot be written, in one sentence that names it.
package struct LogError: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let reason: String
    package var description: String { "\(path): \(reason)" }
}

/// A file with one JSON object a line, each written whole as it comes.
package final class MetricsLog: Sendable {
    package let path: String
    /// What was found wrong when the log was opened for resuming; the log goes on nevertheless.
    package let warning: String?
    private let descriptor: Int32
    private let length: Mutex<Int>

    /// The bytes written so far; a resumed run goes on from the number that its state holds.
    package var byteLength: Int { length.withLock { $0 } }

    /// Starts an empty log.
    package convenience init(path: String) throws { try self.init(path: path, resumingAt: 0) }

    /// Opens a log and cuts off what was written after the state was saved, so that no line comes twice or in part.
    /// - Parameter byteLength: the length that the log had then.
    package init(path: String, resumingAt byteLength: Int) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o666)
        guard descriptor >= 0 else { throw Self.error(path, errno) }
        do {
            var info = stat()
            guard fstat(descriptor, &info) == 0, [S_IFREG, S_IFCHR].contains(info.st_mode & S_IFMT) else {
                throw LogError(path: path, reason: "this \(RegularFile.kind(info)) for the log")
            }
            let size = try Self.size(descriptor, path)
            let end = Self.lastLineEnd(descriptor, min(size, max(0, byteLength)))
            if size > end, ftruncate(descriptor, off_t(end)) != 0 { throw Self.error(path, errno) }
            warning =
                end == byteLength
                ? nil
                : "\(path): the log goes on after byte \(end), because the \(byteLength) bytes of the saved run are not there"
            length = Mutex(end)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Adds one line.
    /// - Throws: `LogError` when it cannot be written; no part of the line stays in the file then.
    package func append(_ value: JSONValue) throws {
        let line = Array((value.text() + "\n").utf8)
        try length.withLock { length in
            var written = 0
            while written < line.count {
                let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, line.count - written) }
                if count >= 0 {
                    written += count
                } else if errno != EINTR {
                    let code = errno
                    ftruncate(descriptor, off_t(length))
                    throw Self.error(path, code)
                }
            }
            length += line.count
        }
    }

    /// Waits until every line is on the disk; to be called before a state that counts them is saved.
    package func synchronize() throws {
        while fsync(descriptor) != 0 {
            let code = errno
            if code == EINVAL || code == ENOTSUP { return }
            if code != EINTR { throw Self.error(path, code) }
        }
    }

    private static func size(_ descriptor: Int32, _ path: String) throws -> Int {
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { throw error(path, errno) }
        return Int(size)
    }

    /// The end of the last whole line within the first `limit` bytes.
    private static func lastLineEnd(_ descriptor: Int32, _ limit: Int) -> Int {
        var end = limit
        var byte: UInt8 = 0
        while end > 0, pread(descriptor, &byte, 1, off_t(end - 1)) != 1 || byte != UInt8(ascii: "\n") { end -= 1 }
        return end
    }

    private static func error(_ path: String, _ code: Int32) -> LogError {
        let reason = code == ENOSPC ? "no space left on device" : String(cString: strerror(code)).lowercased()
        return LogError(path: path, reason: "cannot write the log, \(reason)")
    }
}
