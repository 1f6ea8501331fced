/// Where a value comes from.
public enum ConfigurationOrigin: Sendable, Equatable, CustomStringConvertible {
    case file(String, line: Int, column: Int)
    /// The option as printed, `--set a.b=c`.
    case override(String)
    case defaultValue

    /// The place in words.
    public var description: String {
        switch self {
        case .file(let name, let line, let column): "\(name):\(line):\(column)"
        case .override(let option): option
        case .defaultValue: "default"
        }
    }
}

/// One key that was read: what it may be, what it is and where that was said.
public struct ConfigurationEntry: Sendable, Equatable {
    /// What stands under a key.
    public enum Kind: Sendable, Equatable {
        case value
        /// A mapping with keys of its own.
        case section
        /// A list of such mappings.
        case sections
    }

    /// What a value may be, for programs; `expected` says it in words.
    public struct ValueType: Sendable, Equatable {
        /// The kinds of single values.
        public enum Scalar: String, Sendable {
            case text, path, integer, number, boolean, choice
        }

        /// The kind of the value, or of each in a list.
        public var scalar: Scalar
        /// The range of numbers; nil where there is no bound.
        public var minimum: Double?
        /// The upper bound of numbers; nil where there is none.
        public var maximum: Double?
        /// Whether the bound itself is out of the range.
        public var excludesMinimum = false
        /// Whether the upper bound itself is out of the range.
        public var excludesMaximum = false
        /// The number of entries of a list; nil for a single value.
        public var count: ClosedRange<Int>?
        /// Whether a single value may stand in for a list.
        public var isSingleOrList = false

        init(_ scalar: Scalar) { self.scalar = scalar }
    }

    /// Dotted path, such as `optimizer.learningRate` or `stages[0].epochs`.
    public var path: String
    /// What stands under the key.
    public var kind: Kind
    /// Nil for sections.
    public var type: ValueType?
    /// What is accepted, in words, such as `a whole number from 1 to 100`.
    public var expected: String
    /// The valid words of a choice, otherwise empty.
    public var choices: [String]
    /// The default as YAML; nil for a required key, and `null` where the key may be left out.
    public var defaultValue: String?
    /// What the key is for, in the words of its reader.
    public var summary: String
    /// The resolved value as YAML; empty for sections.
    public var value: String
    /// Where the value comes from.
    public var origin: ConfigurationOrigin
    /// A sentence for the user about a value that is read and should be written in another way.
    public var notice: String?
}

extension Location {
    var origin: ConfigurationOrigin {
        isOverride ? .override(source) : .file(source, line: line, column: column)
    }
}
