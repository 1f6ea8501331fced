import Reporting
import Tasks
import Tensors

/// A range of numbers that a random sweep draws from: `low..high`, or `low..high:log` with equal chances for equal
/// factors. Between whole numbers, written as such, whole numbers are drawn, both ends among them.
struct SweepRange: Sendable, Equatable {
    let low: Double
    let high: Double
    let isLogarithmic: Bool
    let isWhole: Bool
    /// The ends as they were said.
    private let ends: [String]

    /// - Returns: nil for a value that is no range.
    /// - Throws: `RecipeError` for what looks like a range and is none.
    init?(_ value: String, of text: String) throws {
        guard let dots = value.firstRange(of: ".."), !value.hasPrefix("."), !value.contains("/") else { return nil }
        var end = String(value[dots.upperBound...])
        var scale = ""
        if let colon = end.firstIndex(of: ":") {
            scale = String(end[end.index(after: colon)...])
            end = String(end[..<colon])
        }
        ends = [String(value[..<dots.lowerBound]), end]
        func wrong(_ expected: String) -> RecipeError {
            RecipeError("--vary \(text): found \(value), expected \(expected)")
        }
        let numbers = ends.compactMap { Double($0) }
        guard numbers.count == 2 else { throw wrong("a range such as 0.1..0.9 or 1e-4..1e-2:log") }
        guard numbers.allSatisfy({ abs($0) <= 1e15 }) else { throw wrong("ends from -1e15 to 1e15") }
        (low, high, isLogarithmic) = (numbers[0], numbers[1], scale == "log")
        isWhole = ends.allSatisfy { Int($0) != nil }
        let plain = "\(ends[0])..\(end)"
        guard ["", "log"].contains(scale) else {
            throw wrong("a range such as \(plain)" + (low > 0 ? " or \(plain):log" : ""))
        }
        guard low < high else {
            throw low > high
                ? wrong("the lower end first, \(end)..\(ends[0])\(scale.isEmpty ? "" : ":log")")
                : wrong("two different ends, or the value \(end)")
        }
        if isLogarithmic, low <= 0 {
            throw wrong(
                "ends above 0 for a logarithmic range, such as "
                    + (high > 0 ? "\(NumberText.scientific(high / 1000, decimals: 0))..\(end):log, or " : "")
                    + "\(plain) without :log")
        }
    }

    /// A number of the range as text, reals with four significant digits.
    func draw(_ random: inout Random) -> String {
        let share = random.uniform()
        // Half a step beyond each end, so that the ends are as likely as what lies between them.
        let first = isWhole ? low - 0.5 : low
        let last = isWhole ? high + 0.5 : high
        let value = isLogarithmic ? first * power(last / first, share) : first + (last - first) * share
        if isWhole { return String(Int(min(high, max(low, value.rounded())))) }
        let text = Self.short(value)
        // Rounding may lead out of the range.
        let rounded = Double(text) ?? value
        return rounded < low ? ends[0] : rounded > high ? ends[1] : text
    }

    private static func short(_ value: Double) -> String {
        let text = NumberText.scientific(value, decimals: 3)
        guard let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]),
            (-3..<4).contains(exponent)
        else { return text }
        return NumberText.fixed(value, decimals: 3 - exponent)
    }
}
