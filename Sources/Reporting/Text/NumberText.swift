// Text: numbers and tables as plain text, the same in every locale and on every terminal.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Numbers as people read them, the same in every locale.
package enum NumberText {
    /// A number with a fixed count of decimals: `0.4312`.
    package static func fixed(_ value: Double, decimals: Int) -> String { formatted("%.\(max(decimals, 0))f", value) }

    /// A number with a power of ten: `1.2e-3`.
    package static func scientific(_ value: Double, decimals: Int = 1) -> String {
        guard value.isFinite else { return fixed(value, decimals: 0) }
        let text = formatted("%.\(max(decimals, 0))e", value)
        guard let mark = text.lastIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]) else {
            return text
        }
        return "\(text[..<mark])e\(exponent)"
    }

    /// A share of 1 as a percentage: `97.22%`.
    package static func percentage(_ share: Double, decimals: Int = 2) -> String {
        fixed(share * 100, decimals: decimals) + "%"
    }

    /// An integer with its thousands apart: `3,130,730`.
    package static func grouped(_ value: Int) -> String {
        var result = ""
        let digits = Array(String(value.magnitude))
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(",") }
            result.append(digit)
        }
        return value < 0 ? "-" + result : result
    }

    /// A length of time in its two largest units: `9s`, `1m 12s`, `3h 05m`, `2d 04h`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "?" }
        let whole = Int(bounded: max(0, seconds).rounded())
        func two(_ number: Int, _ unit: String) -> String { (number < 10 ? "0" : "") + "\(number)" + unit }
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return "\(whole / 60)m " + two(whole % 60, "s")
        case ..<86400: return "\(whole / 3600)h " + two(whole % 3600 / 60, "m")
        default: return "\(whole / 86400)d " + two(whole % 86400 / 3600, "h")
        }
    }

    private static func formatted(_ format: String, _ value: Double) -> String {
        withVaList([value]) { arguments in
            // The longest: 309 digits before the point and the decimals asked for.
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
                let count = vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
                let bytes = buffer.prefix(min(max(Int(count), 0), buffer.count - 1)).map { UInt8(bitPattern: $0) }
                return String(decoding: bytes, as: UTF8.self)
            }
        }
    }
}

extension Int {
    /// The part before the point, within +- 10^15: files may hold any number, and one beyond `Int` would trap.
    package init(bounded value: Double) { self = value.isNaN ? 0 : Int(Swift.max(-1e15, Swift.min(1e15, value))) }
}
