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
        let numbers = ends.compactMap { Double($0) }
        guard numbers.count == 2, numbers.allSatisfy({ abs($0) <= 1e15 }), ["", "log"].contains(scale) else {
            throw RecipeError("--vary \(text): found \(value), expected a range such as 0.1..0.9 or 1e-4..1e-2:log")
        }
        (low, high, isLogarithmic) = (numbers[0], numbers[1], scale == "log")
        isWhole = ends.allSatisfy { Int($0) != nil }
        guard low < high else {
            throw RecipeError("--vary \(text): found \(value), expected the lower end first")
        }
        if isLogarithmic, low <= 0 {
            throw RecipeError("--vary \(text): found \(value), expected ends above 0 for a logarithmic range")
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

extension SweepPlan {
    /// Random draws instead of the whole grid; the first draws are the same however many there are.
    /// - Parameters:
    ///   - texts: `key=value,value,...`, or `key=low..high` and `key=low..high:log` for ranges of numbers.
    ///   - draws: how many runs; each is another one.
    ///   - seed: of the draws.
    /// - Throws: `RecipeError` as the full plan does, and when there are not so many combinations.
    package init(_ texts: [String], draws: Int, seed: UInt64) throws {
        let said = try Self.said(texts)
        guard (1...Self.mostArms).contains(draws) else {
            throw RecipeError("--random is \(draws), expected 1 to \(Self.mostArms)")
        }
        var combinations: [[String]] = []
        var known: Set<[String]> = []
        // So many draws in a row that bring nothing new mean that all combinations are there.
        var attempt = 0
        var failures = 0
        while combinations.count < draws, failures < 1000 + 20 * draws {
            let values = said.enumerated().map { index, variation in
                var random = Random(seed: seed, purpose: "sweep." + variation.key, attempt, index)
                return variation.range?.draw(&random) ?? variation.values[random.integer(below: variation.values.count)]
            }
            attempt += 1
            if known.insert(values).inserted {
                combinations.append(values)
                failures = 0
            } else {
                failures += 1
            }
        }
        guard combinations.count == draws else {
            throw RecipeError(
                "--random \(draws): --vary has \(combinations.count) combinations only, give more values or fewer draws"
            )
        }
        let variations = said.enumerated().map { index, variation in
            Variation(
                key: variation.key,
                values: variation.range == nil ? variation.values : combinations.map { $0[index] })
        }
        self.init(variations: variations, arms: try Self.arms(said.map(\.key), combinations))
    }
}
