/// A file within a tar file, known by where its bytes lie.
package struct TarMember: Sendable, Hashable {
    /// Its path, as the tar file has it.
    let name: String
    /// The place of its first byte.
    let offset: Int
    /// In bytes.
    let size: Int

    /// Its bytes, or its first `limit`; the tar file is opened for it, so that any number of them may be in use.
    /// - Throws: `DatasetError` where the tar file is gone or shorter than it was.
    func bytes(of path: String, limit: Int = .max) throws -> [UInt8] {
        let wanted = min(size, limit)
        let bytes = try InputFile(path).bytes(at: offset, count: wanted)
        guard bytes.count == wanted else {
            throw DatasetError(path, "the file has become shorter since it was opened, \(name) is missing from it")
        }
        return bytes
    }
}
