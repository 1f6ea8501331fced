#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

extension AtomicFile {
    /// Replaces a file by what is written piece by piece; until `finish` the old contents stay.
    public final class Stream {
        private let path: String
        /// Nil for a device or a pipe, which is written to directly.
        private let temporary: String?
        private var descriptor: Int32
        private var pending: [UInt8] = []

        /// Opens the file, so that a path that cannot be written shows before the work.
        public init(_ path: String) throws {
            self.path = path
            switch System.kind(path, followingLinks: true) {
            case .folder: throw CheckpointError(path, "expected a file, found a folder")
            case .other:
                temporary = nil
                // Opening a named pipe would wait for a reader; writing to one may wait.
                descriptor = try System.openFile(path, "write the file", O_WRONLY | O_NONBLOCK)
                _ = fcntl(descriptor, F_SETFL, O_WRONLY)
            case .file, .link, nil:
                let temporary = AtomicFile.temporaryPath(path)
                self.temporary = temporary
                descriptor = try System.call(path, "write the file") {
                    open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
                }
            }
        }

        deinit { discard() }

        /// Appends text.
        public func write(_ text: String) throws {
            pending += Array(text.utf8)
            if pending.count >= 1 << 16 { try flush() }
        }

        private func flush() throws {
            try System.writeAll(descriptor, pending, path: path)
            pending.removeAll(keepingCapacity: true)
        }

        /// Puts what was written in the place of the file.
        public func finish() throws {
            try flush()
            guard let temporary else { return discard() }
            try System.synchronize(descriptor, path: path)
            close(descriptor)
            descriptor = -1
            do { try System.call(path, "write the file") { rename(temporary, path) } } catch {
                unlink(temporary)
                throw error
            }
            try System.synchronizeFolder(System.folder(of: path))
        }

        /// Leaves the old contents as they are.
        private func discard() {
            guard descriptor >= 0 else { return }
            close(descriptor)
            descriptor = -1
            if let temporary { unlink(temporary) }
        }
    }

    /// Finds out whether a file can be written there, before hours go into its contents; nothing is changed.
    /// - Throws: `CheckpointError` as `write` would.
    public static func check(_ path: String) throws {
        switch System.kind(path, followingLinks: true) {
        case .folder: throw CheckpointError(path, "expected a file, found a folder")
        case .other: return
        case .file, .link, nil: break
        }
        let temporary = temporaryPath(path)
        let descriptor = try System.call(path, "write the file") {
            open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        }
        close(descriptor)
        unlink(temporary)
    }
}
