/// Reads JSON tokens strictly (RFC 8259) straight from memory, for files of hundreds of megabytes: nothing is copied, and
/// strings are told by where their bytes lie. The memory must outlive the scanner.
package struct JSONByteScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    package private(set) var position: Int
    private let end: Int

    package init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0, to end: Int? = nil) {
        (self.bytes, position) = (bytes, start)
        self.end = min(end ?? bytes.count, bytes.count)
    }

    /// A scanner of the same text at another place.
    package func moved(to place: Int) -> JSONByteScanner { JSONByteScanner(bytes, from: place, to: end) }

    package func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

    /// The next byte that is not white space, not consumed; 0 at the end.
    @inline(__always)
    package mutating func peek() -> UInt8 {
        while position < end {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return 0
    }

    @inline(__always)
    package mutating func skip(_ character: UInt8) -> Bool {
        guard peek() == character, position < end else { return false }
        position += 1
        return true
    }

    @inline(__always)
    package mutating func expect(_ character: UInt8) throws(JSONError) {
        guard skip(character) else { throw failure("expected '\(Character(Unicode.Scalar(character)))'") }
    }

    package mutating func expectEnd() throws(JSONError) {
        _ = peek()
        if position < end { throw failure("unexpected text after the value") }
    }

    /// The bytes between two places.
    package subscript(range: Range<Int>) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[range]) }

    /// Whether the bytes of a range are those of a word.
    @inline(__always)
    package func matches(_ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<range.count where bytes[range.lowerBound + index] != word.utf8Start[index] { return false }
        return true
    }

    /// A string: the range of its bytes between the quotes, and whether there are escapes among them.
    @inline(__always)
    package mutating func string() throws(JSONError) -> (range: Range<Int>, hasEscapes: Bool) {
        try expect(UInt8(ascii: "\""))
        let start = position
        var hasEscapes = false
        while position < end {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return (start..<position - 1, hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            } else if byte < 0x20 {
                throw failure("a control character in a string")
            }
            position += 1
        }
        position = end
        throw failure("a string without an end")
    }

    /// The text of a string that was found.
    package func text(_ found: (range: Range<Int>, hasEscapes: Bool)) throws(JSONError) -> String {
        var scanner = JSONScanner([UInt8(ascii: "\"")] + Array(bytes[found.range]) + [UInt8(ascii: "\"")])
        do { return try scanner.string() } catch {
            throw JSONError(reason: error.reason, offset: found.range.lowerBound)
        }
    }

    package mutating func word(_ text: StaticString) throws(JSONError) {
        let count = text.utf8CodeUnitCount
        guard end - position >= count, matches(position..<position + count, text) else {
            throw failure("expected a value")
        }
        position += count
    }

    /// What a number is made of: its sign, up to 19 digits, and the power of ten that they are multiplied by; nil digits
    /// where there are more.
    private struct Parts {
        var start: Int
        var isNegative: Bool
        var digits: UInt64
        var count: Int
        var exponent: Int
        var isInteger: Bool
    }

    @inline(__always)
    private mutating func parts() throws(JSONError) -> Parts {
        _ = peek()
        var parts = Parts(start: position, isNegative: false, digits: 0, count: 0, exponent: 0, isInteger: true)
        if position < end, bytes[position] == UInt8(ascii: "-") {
            parts.isNegative = true
            position += 1
        }
        let leading = position
        takeDigits(&parts)
        guard position > leading, position == leading + 1 || bytes[leading] != UInt8(ascii: "0") else {
            position = parts.start
            throw failure("expected a number")
        }
        if position < end, bytes[position] == UInt8(ascii: ".") {
            parts.isInteger = false
            position += 1
            let fraction = position
            takeDigits(&parts)
            guard position > fraction else { throw failure("expected a digit") }
            parts.exponent = fraction - position
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            parts.isInteger = false
            position += 1
            var isNegative = false
            if position < end, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                isNegative = bytes[position] == UInt8(ascii: "-")
                position += 1
            }
            let power = position
            var value = 0
            while position < end, case let digit = bytes[position] &- 48, digit < 10 {
                value = min(value * 10 + Int(digit), 100_000)
                position += 1
            }
            guard position > power else { throw failure("expected a digit") }
            parts.exponent += isNegative ? -value : value
        }
        return parts
    }

    @inline(__always)
    private mutating func takeDigits(_ parts: inout Parts) {
        while position < end, case let digit = bytes[position] &- 48, digit < 10 {
            // Zeros in front say nothing; after 19 digits they no longer fit.
            if parts.digits != 0 || digit != 0 { parts.count += 1 }
            parts.digits = parts.digits &* 10 &+ UInt64(digit)
            position += 1
        }
    }

    /// A number in the grammar of JSON, correctly rounded.
    @inline(__always)
    package mutating func number() throws(JSONError) -> Double {
        let parts = try parts()
        if parts.count <= 19, let value = DecimalNumber.nearest(parts.digits, exponent: parts.exponent) {
            return parts.isNegative ? -value : value
        }
        return try slowNumber(parts)
    }

    @inline(never)
    private func slowNumber(_ parts: Parts) throws(JSONError) -> Double {
        let text = String(decoding: bytes[parts.start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw failure("a number out of range") }
        return value
    }

    /// A whole number, which may be written with a fraction of zeros.
    @inline(__always)
    package mutating func integer() throws(JSONError) -> Int64 {
        let parts = try parts()
        if parts.isInteger, parts.count <= 18 {
            return parts.isNegative ? -Int64(parts.digits) : Int64(parts.digits)
        }
        return try slowInteger(parts)
    }

    @inline(never)
    private func slowInteger(_ parts: Parts) throws(JSONError) -> Int64 {
        let text = String(decoding: bytes[parts.start..<position], as: UTF8.self)
        if let value = Int64(text) { return value }
        guard let value = Double(text), let whole = Int64(exactly: value) else {
            throw failure("expected a whole number")
        }
        return whole
    }

    /// Walks over an object, calling `member` with the range of each name once the scanner stands before its value.
    @inline(__always)
    package mutating func object(
        _ member: (inout JSONByteScanner, Range<Int>) throws(JSONError) -> Void
    ) throws(JSONError) {
        try expect(UInt8(ascii: "{"))
        if skip(UInt8(ascii: "}")) { return }
        repeat {
            let name = try string()
            try expect(UInt8(ascii: ":"))
            try member(&self, name.range)
        } while skip(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Walks over an array, calling `element` once the scanner stands before each element.
    @inline(__always)
    package mutating func array(
        _ element: (inout JSONByteScanner) throws(JSONError) -> Void
    ) throws(JSONError) {
        try expect(UInt8(ascii: "["))
        if skip(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while skip(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// Goes over one value of any kind.
    package mutating func skipValue(depth: Int = 0) throws(JSONError) {
        guard depth <= JSONValue.deepestNesting else {
            throw failure("nesting deeper than \(JSONValue.deepestNesting)")
        }
        switch peek() {
        case UInt8(ascii: "{"):
            try object { (scanner: inout JSONByteScanner, _: Range<Int>) throws(JSONError) in
                try scanner.skipValue(depth: depth + 1)
            }
        case UInt8(ascii: "["):
            try array { (scanner: inout JSONByteScanner) throws(JSONError) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        case 0 where position >= end: throw failure("expected a value, found the end")
        default: _ = try parts()
        }
    }
}
