/// The texts of scalars: YAML 1.2's core forms, `1/3` and `100_000`, and their canonical YAML.
enum ScalarText {
    static func bool(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// Decimal with single underscores between digits, `0x` and `0o`, and `1e5` where it is whole.
    static func int(_ text: String) -> Int? {
        if text.hasPrefix("0x") { return digits(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return digits(text.dropFirst(2), radix: 8) }
        guard let plain = withoutUnderscores(text) else { return nil }
        if let value = Int(plain) { return value }
        guard !plain.contains(where: { "./".contains($0) }), let value = double(plain), value == value.rounded(),
            abs(value) <= 0x1p53
        else { return nil }
        return Int(value)
    }

    private static func digits(_ text: Substring, radix: Int) -> Int? {
        text.first?.isHexDigit == true ? Int(text, radix: radix) : nil
    }

    /// Decimal with or without exponent, the integer forms, `.inf`, `.nan`, and a fraction of two such numbers.
    static func double(_ text: String) -> Double? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let upper = double(parts[0].trimming()), let lower = double(parts[1].trimming()), lower != 0,
                !parts[0].contains("inf"), !parts[1].contains("inf"), (upper / lower).isFinite
            else { return nil }
            return upper / lower
        }
        switch text {
        case ".inf", "+.inf", ".Inf", "+.Inf", ".INF", "+.INF": return .infinity
        case "-.inf", "-.Inf", "-.INF": return -.infinity
        case ".nan", ".NaN", ".NAN": return .nan
        default: break
        }
        if text.hasPrefix("0x") { return digits(text.dropFirst(2), radix: 16).map(Double.init) }
        if text.hasPrefix("0o") { return digits(text.dropFirst(2), radix: 8).map(Double.init) }
        guard text.contains(where: { $0.isASCII && $0.isNumber }),
            text.utf8.allSatisfy({ "0123456789+-.eE_".utf8.contains($0) }),
            let plain = withoutUnderscores(text), let value = Double(plain), value.isFinite
        else { return nil }
        return value
    }

    /// Nil where an underscore does not stand between two digits.
    private static func withoutUnderscores(_ text: String) -> String? {
        guard text.contains("_") else { return text }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let isBad =
                part.isEmpty || (index > 0 && part.first?.isNumber != true)
                || (index < parts.count - 1 && part.last?.isNumber != true)
            if isBad { return nil }
        }
        return parts.joined()
    }

    /// The shortest text that reads as the same number, with a point, as YAML 1.1 wants it.
    static func yaml(_ value: Double) -> String {
        if value.isNaN { return ".nan" }
        if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
        let text = "\(value)"
        guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
        return text[..<exponent] + ".0" + text[exponent...]
    }

    /// A number for a message: without a point where it is whole.
    static func short(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
        return "\(value)"
    }

    /// A string, in quotes where it would otherwise read as something else.
    static func yaml(_ text: String) -> String {
        if isPlainSafe(text) { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{61C}", "\u{200E}", "\u{200F}",
                "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Words that some YAML reader takes for a boolean or for null.
    private static let reserved: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

    private static func isPlainSafe(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        let isLetter = { (byte: UInt8) in (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z") }
        let isDigit = { (byte: UInt8) in byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        guard isLetter(first) || "_/.".utf8.contains(first) else { return false }
        guard text.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "_/.+-".utf8.contains($0) }) else { return false }
        if text.hasPrefix("."), !text.hasPrefix("./"), !text.hasPrefix("../") { return false }
        return !reserved.contains(text.lowercased())
    }
}

extension Substring {
    fileprivate func trimming() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
