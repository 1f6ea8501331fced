/// A file that cannot be read, written or used, in one sentence that names it.
public struct CheckpointError: Error, Equatable, CustomStringConvertible {
    /// The file or folder.
    public let path: String
    /// What is wrong with it.
    public let reason: String

    /// What is wrong with a file, in one sentence without the path.
    public init(_ path: String, _ reason: String) {
        // An empty name would leave a message without a subject.
        self.path = path.isEmpty ? "\"\"" : path
        self.reason = reason
    }

    /// Path and reason.
    public var description: String { "\(path): \(reason)" }
}
