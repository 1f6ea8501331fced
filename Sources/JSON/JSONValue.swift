// JSON: one value type with its reader and writer, for every module; nothing here knows what a file means.

/// A JSON value whose objects keep their order and whose numbers survive a round trip.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A name and its value in an object.
    public struct Member: Sendable, Equatable {
        /// The key.
        public var name: String
        /// What stands under it.
        public var value: JSONValue

        /// A key with its value.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The deepest nesting that is read: enough for any file of ours, and far from the end of the stack.
    public static let deepestNesting = 128

    /// Reads one JSON text strictly (RFC 8259).
    /// - Throws: `JSONError` on malformed text, duplicate keys, numbers beyond `Double` and nesting beyond 128.
    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }

    /// Reads one JSON text from its UTF-8 bytes.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(bytes)
        self = try Self.read(&scanner, depth: 0)
        try scanner.expectEnd()
    }

    private static func read(_ scanner: inout JSONScanner, depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= deepestNesting else { throw scanner.failure("nesting deeper than \(deepestNesting)") }
        switch scanner.peek() {
        case UInt8(ascii: "{"):
            var members: [Member] = []
            try scanner.object { (scanner: inout JSONScanner, name: String) throws(JSONError) in
                members.append(Member(name, try read(&scanner, depth: depth + 1)))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try scanner.array { (scanner: inout JSONScanner) throws(JSONError) in
                elements.append(try read(&scanner, depth: depth + 1))
            }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(try scanner.string())
        case UInt8(ascii: "t"):
            try scanner.word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try scanner.word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try scanner.word("null")
            return .null
        case nil:
            throw scanner.failure("expected a value, found the end")
        default:
            return try scanner.number()
        }
    }

    /// The value as text, the same bytes for the same value on every machine.
    ///
    /// JSON has no infinities and no NaN: they are written as `null`.
    /// - Parameters:
    ///   - sorted: whether members are written in the order of their names' UTF-8 bytes.
    ///   - pretty: whether to write one member or element a line, indented by two spaces.
    public func text(sorted: Bool = false, pretty: Bool = false) -> String {
        var result = ""
        write(to: &result, sorted: sorted, indent: pretty ? "  " : nil, depth: 0)
        return result
    }

    func write(to result: inout String, sorted: Bool, indent: String?, depth: Int) {
        switch self {
        case .null: result += "null"
        case .bool(let value): result += value ? "true" : "false"
        case .integer(let value): result += String(value)
        case .number(let value): result += value.isFinite ? value.description : "null"  // the shortest that reads back
        case .string(let value): Self.write(value, to: &result)
        case .array(let elements):
            Self.write(elements, "[", "]", to: &result, indent: indent, depth: depth) { element, result in
                element.write(to: &result, sorted: sorted, indent: indent, depth: depth + 1)
            }
        case .object(let members):
            let ordered =
                sorted
                ? members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
                : members
            Self.write(ordered, "{", "}", to: &result, indent: indent, depth: depth) { member, result in
                Self.write(member.name, to: &result)
                result += indent == nil ? ":" : ": "
                member.value.write(to: &result, sorted: sorted, indent: indent, depth: depth + 1)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], _ opening: String, _ closing: String, to result: inout String, indent: String?, depth: Int,
        _ body: (Item, inout String) -> Void
    ) {
        result += opening
        for (index, item) in items.enumerated() {
            if index > 0 { result += "," }
            if let indent { result += "\n" + String(repeating: indent, count: depth + 1) }
            body(item, &result)
        }
        if let indent, !items.isEmpty { result += "\n" + String(repeating: indent, count: depth) }
        result += closing
    }

    private static func write(_ text: String, to result: inout String) {
        result += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        result += "\""
    }
}

extension JSONValue {
    /// The member of an object; nil for a missing name or another kind of value. Assigning keeps the member's place,
    /// or appends it; assigning nil removes it; a value that is no object becomes one.
    public subscript(name: String) -> JSONValue? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.name == name }?.value
        }
        set {
            var members: [Member] = []
            if case .object(let present) = self { members = present }
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name, value))
            case (nil, nil): break
            }
            self = .object(members)
        }
    }

    /// The value of `true` or `false`, otherwise nil.
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The value of a whole number, otherwise nil.
    public var integerValue: Int? { if case .integer(let value) = self { value } else { nil } }
    /// An integer that may be a count: at least 0 and at most 2^53, so that a few of them can be added up or multiplied by
    /// small numbers. A file may hold any number.
    public var countValue: Int? { integerValue.flatMap { (0...1 << 53).contains($0) ? $0 : nil } }
    /// The text of a string, otherwise nil.
    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    /// The elements of an array, otherwise nil.
    public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The members of an object in their order, otherwise nil.
    public var objectValue: [Member]? { if case .object(let value) = self { value } else { nil } }

    /// The value of an integer or a number.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// An object, its members in the order given.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
}
