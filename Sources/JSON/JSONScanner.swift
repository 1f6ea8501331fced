/// What is wrong with a JSON text, and at which byte.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, in words.
    public let reason: String
    /// Where, in bytes from the start.
    public let offset: Int
    package init(reason: String, offset: Int) { (self.reason, self.offset) = (reason, offset) }

    /// The reason and the place.
    public var description: String { "\(reason) at byte \(offset)" }
}

/// Reads JSON tokens strictly (RFC 8259) from bytes. Readers of untrusted headers drive it directly, so that they build
/// nothing but what they expect, and `JSONValue` drives it for everything else.
package struct JSONScanner {
    private let bytes: [UInt8]
    private let end: Int
    package private(set) var position: Int

    package init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil) {
        self.bytes = bytes
        self.position = start
        self.end = end ?? bytes.count
    }

    package func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

    /// The next byte that is not white space, not consumed; nil at the end.
    package mutating func peek() -> UInt8? {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    package mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek(), byte == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    package mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
        guard skip(character) else { throw failure("expected '\(character)'") }
    }

    package mutating func expectEnd() throws(JSONError) {
        if peek() != nil { throw failure("unexpected text after the value") }
    }

    /// Walks over an object, calling `member` with each name once the reader stands before its value; a name that
    /// occurs twice is an error.
    package mutating func object(
        _ member: (inout JSONScanner, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        try expect("{")
        if skip("}") { return }
        var seen = Set<String>()
        repeat {
            let name = try string()
            guard seen.insert(name).inserted else { throw failure("duplicate key \(quoted(name))") }
            try expect(":")
            try member(&self, name)
        } while skip(",")
        try expect("}")
    }

    /// Walks over an array, calling `element` once the reader stands before each element.
    package mutating func array(_ element: (inout JSONScanner) throws(JSONError) -> Void) throws(JSONError) {
        try expect("[")
        if skip("]") { return }
        repeat { try element(&self) } while skip(",")
        try expect("]")
    }

    package mutating func word(_ text: StaticString) throws(JSONError) {
        let count = text.utf8CodeUnitCount
        guard end - position >= count, (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] }) else {
            throw failure("expected a value")
        }
        position += count
    }

    /// A number in the grammar of JSON, as an integer where it is written as one and fits.
    package mutating func number() throws(JSONError) -> JSONValue {
        _ = peek()
        let start = position
        _ = take { $0 == UInt8(ascii: "-") }
        let leading = position
        let whole = takeDigits()
        guard whole > 0, whole == 1 || bytes[leading] != UInt8(ascii: "0") else {
            position = start
            throw failure("expected a number")
        }
        var isInteger = true
        if take({ $0 == UInt8(ascii: ".") }) {
            isInteger = false
            guard takeDigits() > 0 else { throw failure("expected a digit") }
        }
        if take({ $0 | 0x20 == UInt8(ascii: "e") }) {
            isInteger = false
            _ = take { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
            guard takeDigits() > 0 else { throw failure("expected a digit") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // "-0" is kept as a number: an integer has no negative zero.
        if isInteger, text != "-0", let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw failure("a number out of range") }
        return .number(value)
    }

    /// An integer of at least zero.
    package mutating func count() throws(JSONError) -> Int {
        let start = position
        if case .integer(let value) = try number(), value >= 0 { return value }
        position = start
        throw failure("expected an integer of at least 0")
    }

    package mutating func string() throws(JSONError) -> String {
        try expect("\"")
        let start = position
        while position < end, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\"),
            bytes[position] >= 0x20
        {
            position += 1
        }
        if position < end, bytes[position] == UInt8(ascii: "\"") {
            position += 1
            return try text(bytes[start..<(position - 1)])
        }
        var buffer = Array(bytes[start..<position])
        while position < end {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(buffer[...])
            case UInt8(ascii: "\\"): try escape(into: &buffer)
            case 0..<0x20: throw failure("a control character in a string")
            default: buffer.append(byte)
            }
        }
        throw failure("a string without an end")
    }

    private func text(_ slice: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw failure("a string that is not UTF-8") }
        return text
    }

    private mutating func escape(into buffer: inout [UInt8]) throws(JSONError) {
        guard position < end else { throw failure("a string without an end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard take({ $0 == UInt8(ascii: "\\") }), take({ $0 == UInt8(ascii: "u") }) else {
                    throw failure("half of a surrogate pair")
                }
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
            buffer.append(contentsOf: UTF8.encode(scalar)!)
        default: throw failure("an unknown escape in a string")
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < end, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func take(_ matches: (UInt8) -> Bool) -> Bool {
        guard position < end, matches(bytes[position]) else { return false }
        position += 1
        return true
    }

    private mutating func takeDigits() -> Int {
        let start = position
        while take({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) {}
        return position - start
    }

    private func quoted(_ text: String) -> String {
        var result = ""
        JSONValue.string(String(text.prefix(80))).write(to: &result, sorted: false, indent: nil, depth: 0)
        return result
    }
}
