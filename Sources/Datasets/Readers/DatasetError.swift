/// What is wrong with a data set, in one sentence that names the file.
public struct DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file or folder.
    public let path: String
    /// What was found and what was expected, a sentence without its subject.
    public let problem: String

    /// What is wrong with the file or folder at `path`.
    public init(_ path: String, _ problem: String) {
        self.path = path
        self.problem = problem
    }

    /// The sentence, with its subject.
    public var description: String { FileName.shown("\(path): \(problem).") }
}
