// Numbers and texts.
extension JSONStream {
    /// Digits and a power of ten.
    struct Decimal {
        var isNegative = false
        var digits: UInt64 = 0
        var exponent = 0
        /// Whether there were more digits than are held.
        var isCut = false
        /// Of a word: infinite or no number.
        var word: Double?
    }

    mutating func decimal() throws -> Decimal {
        var result = Decimal()
        switch try peek() {
        case UInt8(ascii: "N"):
            try word("NaN")
            result.word = .nan
            return result
        case UInt8(ascii: "-"):
            position += 1
            result.isNegative = true
        default: break
        }
        if try byte() == UInt8(ascii: "I") {
            try word("Infinity")
            result.word = .infinity
            return result
        }
        guard 0x30...0x39 ~= (try byte()) else { throw failure("expected a value") }
        try readDigits(&result, step: 0)
        if try take(".") {
            guard 0x30...0x39 ~= (try byte()) else { throw failure("expected a digit") }
            try readDigits(&result, step: -1)
        }
        let mark = try byte()
        if mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") {
            position += 1
            let isNegative = try take("-")
            if !isNegative { _ = try take("+") }
            guard 0x30...0x39 ~= (try byte()) else { throw failure("expected a digit") }
            var power = 0
            while case let next = try byte(), 0x30...0x39 ~= next {
                power = min(9999, power * 10 + Int(next - 0x30))
                position += 1
            }
            result.exponent += isNegative ? -power : power
        }
        return result
    }

    private mutating func readDigits(_ result: inout Decimal, step: Int) throws {
        while case let next = try byte(), 0x30...0x39 ~= next {
            if result.digits < 1_000_000_000_000_000_000 {
                result.digits = result.digits * 10 + UInt64(next - 0x30)
                result.exponent += step
            } else {
                result.exponent += step + 1
                if next != 0x30 { result.isCut = true }
            }
            position += 1
        }
    }

    private static let powers: [Double] = (0...22).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } }

    mutating func number() throws -> Double {
        let decimal = try decimal()
        var value: Double
        if let word = decimal.word {
            value = word
        } else if decimal.digits < 1 << 53, -22...22 ~= decimal.exponent {
            // Both are exact, so that one rounding gives the nearest number (Clinger, 1990).
            let digits = Double(decimal.digits)
            value =
                decimal.exponent < 0
                ? digits / Self.powers[-decimal.exponent] : digits * Self.powers[decimal.exponent]
        } else {
            value = Double("\(decimal.digits)e\(decimal.exponent)") ?? .infinity
        }
        if decimal.isNegative { value = -value }
        return value
    }

    /// A whole number, also one that is written as 7.0; nil for another one.
    mutating func integer() throws -> Int64? {
        var decimal = try decimal()
        guard decimal.word == nil, !decimal.isCut else { return nil }
        while decimal.exponent < 0, decimal.digits % 10 == 0, decimal.digits > 0 {
            decimal.digits /= 10
            decimal.exponent += 1
        }
        if decimal.digits == 0 { return 0 }
        guard 0...18 ~= decimal.exponent else { return nil }
        for _ in 0..<decimal.exponent {
            let (product, overflows) = decimal.digits.multipliedReportingOverflow(by: 10)
            if overflows { return nil }
            decimal.digits = product
        }
        guard let value = Int64(exactly: decimal.digits) else { return nil }
        return decimal.isNegative ? -value : value
    }
}

extension JSONStream {
    /// - Parameter most: how many bytes it may have.
    mutating func string(most: Int = 1 << 16) throws -> String {
        try readText(most: most)
        guard let string = String(validating: text, as: UTF8.self) else { throw failure("text is not UTF-8") }
        return string
    }

    /// Reads a text into `text`.
    mutating func readText(most: Int, keeps: Bool = true) throws {
        text.removeAll(keepingCapacity: true)
        try expect("\"")
        while true {
            let next = try byte()
            switch next {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                position += 1
                let bytes = try escaped()
                if keeps { text += bytes }
            case 0..<0x20: throw failure(next == 0 ? "a text has no end" : "a text holds a control character")
            default:
                if keeps { text.append(next) }
                position += 1
            }
            guard text.count <= most else { throw failure("a text is longer than \(most) bytes") }
        }
    }

    private mutating func escaped() throws -> [UInt8] {
        let next = try byte()
        position += 1
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [next]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"):
            var value = try hexadecimal()
            if 0xD800..<0xDC00 ~= value {
                guard try take("\\"), try take("u"), case let low = try hexadecimal(), 0xDC00..<0xE000 ~= low else {
                    throw failure("half of a surrogate pair")
                }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw failure("half of a surrogate pair") }
            return Array(String(scalar).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let next = try byte()
            guard let digit = Character(Unicode.Scalar(next)).hexDigitValue else {
                throw failure("expected four digits")
            }
            value = value * 16 + UInt32(digit)
            position += 1
        }
        return value
    }
}
