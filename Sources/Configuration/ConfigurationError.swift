/// Everything that is wrong with a configuration, found in one pass and ordered by file and line.
public struct ConfigurationError: Error, CustomStringConvertible, Sendable {
    /// One mistake: where it stands and one sentence that says what was found and what was expected.
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// `file:line:column`, a file's path, or the `--set` option that holds the mistake.
        public let location: String
        /// What is wrong and what was expected.
        public let message: String

        /// A problem at a place, `file:line:column`.
        public init(location: String, message: String) {
            self.location = location
            self.message = message
        }

        /// Place and message.
        public var description: String { "\(location): \(message)" }
    }

    /// All of them, in the order of their places.
    public let problems: [Problem]

    /// An error of these problems.
    public init(problems: [Problem]) { self.problems = problems }

    /// One line per problem, at most 50 of them.
    public var description: String {
        let limit = 50
        var lines = problems.prefix(limit).map(\.description)
        if problems.count > limit { lines.append("... and \(problems.count - limit) more problems") }
        return lines.joined(separator: "\n")
    }
}

/// Collects problems with their locations, each once, until they are thrown together.
struct ProblemList {
    private var found: [(location: Location, message: String)] = []
    private var seen: Set<String> = []

    var isEmpty: Bool { found.isEmpty }

    mutating func add(_ location: Location, _ message: String) {
        if seen.insert("\(location): \(message)").inserted { found.append((location, message)) }
    }

    mutating func add(_ failure: LocatedFailure) { add(failure.location, failure.message) }

    /// The problems in order of file, line and column; those of one place stay in the order of their finding.
    var error: ConfigurationError {
        let ordered = found.enumerated().sorted {
            $0.element.location == $1.element.location
                ? $0.offset < $1.offset : $0.element.location < $1.element.location
        }
        return ConfigurationError(
            problems: ordered.map {
                .init(location: shortened($0.element.location.description, to: 4096), message: $0.element.message)
            })
    }
}

/// The first mistake of something that cannot be read further, such as a file with a syntax error.
struct LocatedFailure: Error {
    var location: Location
    var message: String
}
