import RunLayout
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Replaces files so that a reader, or a crash at any moment, finds either the old contents or the new, never a part.
public enum AtomicFile {
    /// Called before each step that changes the disk, with the step's name; tests throw from it to stop there.
    package typealias Probe = (String) throws -> Void

    /// Replaces the contents of a file.
    /// - Throws: `CheckpointError` with the system's reason; the old file is untouched and nothing is left behind then.
    public static func write(_ path: String, _ contents: [UInt8]) throws { try write(path, pieces: [contents]) }

    /// Replaces the contents of a file by text.
    public static func write(_ path: String, _ text: String) throws { try write(path, Array(text.utf8)) }

    /// Replaces the contents of a file by several pieces, one after the other.
    public static func write(_ path: String, pieces: [[UInt8]]) throws {
        try write(path, pieces: pieces, probe: { _ in })
    }

    package static func write(_ path: String, pieces: [[UInt8]], probe: Probe) throws {
        guard !path.isEmpty else { throw CheckpointError(path, "the name is empty, expected one for the file") }
        switch System.kind(path, followingLinks: true) {
        case .folder: throw CheckpointError(path, "expected a file, found a folder")
        // A device must not be replaced by a file.
        case .other: return try writeThrough(path, pieces)
        case .file, .link, nil: break
        }
        let folder = System.folder(of: path)
        let temporary = temporaryPath(path)
        do {
            try probe("create")
            let descriptor = try System.call(path, "write the file") {
                open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
            }
            do {
                defer { close(descriptor) }
                for piece in pieces {
                    try probe("write")
                    try System.writeAll(descriptor, piece, path: path)
                }
                try probe("synchronize")
                try System.synchronize(descriptor, path: path)
            }
            try probe("rename")
            try System.call(path, "write the file") { rename(temporary, path) }
        } catch {
            if (try? probe("clean up")) != nil { unlink(temporary) }
            throw error
        }
        try probe("synchronize folder")
        try System.synchronizeFolder(folder)
    }

    private static func isStream(_ path: String) -> Bool {
        ["/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/"].contains(where: path.hasPrefix)
    }

    /// Where the new contents are gathered: a fixed name, so that what a killed process left is overwritten.
    static func temporaryPath(_ path: String) -> String {
        let folder = System.folder(of: path)
        return (folder == "/" ? "" : folder) + "/." + System.lastName(of: path) + ".partial"
    }

    /// Writes to a device, or to a pipe that is one of this process's streams. Any other pipe would wait for a reader, in
    /// the middle of a run perhaps.
    private static func writeThrough(_ path: String, _ pieces: [[UInt8]]) throws {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFCHR || isStream(path) else {
            throw CheckpointError(path, "this \(RegularFile.kind(info))")
        }
        let descriptor = try System.openFile(path, "write the file", O_WRONLY | O_NONBLOCK | O_NOCTTY)
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, 0)
        for piece in pieces { try System.writeAll(descriptor, piece, path: path) }
    }
}
