/// Reads XML byte by byte.
struct XMLScanner {
    private let bytes: [UInt8]
    private var position = 0
    private let path: String

    init(_ bytes: [UInt8], path: String) {
        (self.bytes, self.path) = (bytes, path)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    var isAtEnd: Bool { position == bytes.count }

    func failure(_ reason: String) -> DatasetError {
        let line = bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
        return DatasetError("\(path):\(line)", "this is no valid XML (\(reason))")
    }

    private func starts(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        return bytes.count - position >= count
            && (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard starts(text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Passes over everything up to a text and over that; what was passed over.
    private mutating func skip(past text: StaticString, _ what: String) throws -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count {
            if starts(text) {
                let found = bytes[start..<position]
                position += text.utf8CodeUnitCount
                return found
            }
            position += 1
        }
        throw failure("\(what) has no end")
    }

    /// Comments, declarations and white space.
    mutating func skipOther() throws {
        while true {
            skipSpace()
            if take("<!--") {
                _ = try skip(past: "-->", "a comment")
            } else if take("<?") {
                _ = try skip(past: "?>", "a declaration")
            } else if take("<!DOCTYPE") {
                try skipDocumentType()
            } else {
                return
            }
        }
    }

    private mutating func skipDocumentType() throws {
        var depth = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ">") where depth <= 0: return
            default: break
            }
        }
        throw failure("a document type has no end")
    }

    private mutating func name() throws -> String {
        let start = position
        name: while position < bytes.count {
            switch bytes[position] {
            case 0...0x20, UInt8(ascii: "/"), UInt8(ascii: "<"), UInt8(ascii: "="), UInt8(ascii: ">"): break name
            default: position += 1
            }
        }
        guard position > start, position - start <= 256 else { throw failure("expected the name of an element") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func element(depth: Int) throws -> XMLElement {
        guard depth < XMLElement.deepest else { throw failure("nesting deeper than \(XMLElement.deepest)") }
        guard take("<") else { throw failure("expected an element") }
        var element = XMLElement(name: try name())
        if try !skipAttributes() { return element }
        while true {
            if take("</") {
                let end = try name()
                guard end == element.name else { throw failure("</\(end)> where </\(element.name)> is expected") }
                skipSpace()
                guard take(">") else { throw failure("expected '>'") }
                return element
            }
            if take("<!--") {
                _ = try skip(past: "-->", "a comment")
            } else if take("<![CDATA[") {
                element.add(String(decoding: try skip(past: "]]>", "a CDATA section"), as: UTF8.self))
            } else if take("<?") {
                _ = try skip(past: "?>", "a declaration")
            } else if starts("<") {
                element.add(try self.element(depth: depth + 1))
            } else {
                element.add(try text(element.name))
            }
        }
    }

    /// Passes over what else stands in an element's beginning.
    /// - Returns: whether the element goes on.
    private mutating func skipAttributes() throws -> Bool {
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if take("/>") {
                return false
            } else if take(">") {
                return true
            } else if byte == UInt8(ascii: "<") {
                break
            }
            position += 1
        }
        throw failure("the beginning of an element has no end")
    }

    private mutating func text(_ name: String) throws -> String {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
        guard position < bytes.count else { throw failure("<\(name)> has no end") }
        let raw = bytes[start..<position]
        guard raw.contains(UInt8(ascii: "&")) else { return String(decoding: raw, as: UTF8.self) }
        var result: [UInt8] = []
        var place = raw.startIndex
        while place < raw.endIndex {
            guard raw[place] == UInt8(ascii: "&") else {
                result.append(raw[place])
                place += 1
                continue
            }
            guard let end = raw[place...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
                let scalar = Self.entity(String(decoding: raw[(place + 1)..<end], as: UTF8.self))
            else { throw failure("an unknown entity in <\(name)>") }
            result += Array(String(scalar).utf8)
            place = end + 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func entity(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "lt": "<"
        case "gt": ">"
        case "amp": "&"
        case "quot": "\""
        case "apos": "'"
        default:
            if name.hasPrefix("#x") {
                UInt32(name.dropFirst(2), radix: 16).flatMap { Unicode.Scalar($0) }
            } else {
                name.hasPrefix("#") ? UInt32(name.dropFirst()).flatMap { Unicode.Scalar($0) } : nil
            }
        }
    }
}
