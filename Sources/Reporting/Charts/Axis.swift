#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// How numbers of a chart are written.
package enum NumberStyle {
    case plain
    /// Shares of 1 as percentages.
    case percentage
    /// Whole numbers with their thousands apart.
    case grouped

    /// A value where it is read off, with enough digits to tell it from its neighbours.
    func text(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        switch self {
        case .percentage: return NumberText.percentage(value)
        case .grouped where abs(value) < 1e15 && abs(value) >= 10:
            return NumberText.grouped(Int(bounded: value.rounded()))
        default:
            let size = abs(value)
            if size == 0 { return "0" }
            if size < 1e-3 || size >= 1e6 { return NumberText.scientific(value, decimals: 2) }
            return NumberText.fixed(value, decimals: size < 1 ? 4 : size < 100 ? 3 : 1)
        }
    }
}

/// A scale of a chart: its range and the round numbers that are written at it.
package struct Axis {
    package let low: Double
    package let high: Double
    package let isLogarithmic: Bool
    package let ticks: [(value: Double, text: String)]

    /// - Parameters:
    ///   - values: what must lie on the axis; those that are not finite are left out.
    ///   - logarithmic: equal ratios have equal lengths, as far as all values are positive.
    ///   - limits: what the axis must not go beyond, such as 0...1 of shares.
    ///   - isTight: the axis ends at the values, not at round numbers.
    ///   - isWhole: only whole numbers are written, as of epochs.
    package init(
        _ values: [Double], style: NumberStyle = .plain, logarithmic: Bool = false, count: Int = 5,
        limits: ClosedRange<Double>? = nil, isTight: Bool = false, isWhole: Bool = false
    ) {
        let finite = values.filter { $0.isFinite && abs($0) < 1e100 }
        var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
        if logarithmic, let least = finite.filter({ $0 > 0 }).min(), high > 0 {
            (self.low, self.high, isLogarithmic) = Self.decades(max(least, high * 1e-12), high)
            ticks = Self.logarithmicTicks(self.low, self.high)
            return
        }
        isLogarithmic = false
        if high - low <= abs(high) * 1e-9 {
            let room = high == 0 ? 1 : abs(high) * 0.1
            (low, high) = (low - room, high + room)
            if let limits { (low, high) = (max(low, limits.lowerBound), min(high, limits.upperBound)) }
            if high <= low { (low, high) = (low - room, low + room) }
        }
        let least = Self.step((high - low) / Double(count))
        let step = isWhole ? max(1, least == 2.5 ? 5 : least) : least
        if !isTight {
            low = (low / step + 1e-9).rounded(.down) * step
            high = (high / step - 1e-9).rounded(.up) * step
        }
        (self.low, self.high) = (low, high)
        let first = Int(bounded: (low / step - 1e-9).rounded(.up))
        let last = Int(bounded: (high / step + 1e-9).rounded(.down))
        ticks = (first..<max(first + 1, last + 1)).map { index in
            let value = Double(index) * step
            return (value, Self.text(value, step, style))
        }
    }

    /// Where a value lies, 0 at the low end and 1 at the high end.
    package func position(_ value: Double) -> Double {
        if isLogarithmic {
            return value > 0 ? (log10(value) - log10(low)) / (log10(high) - log10(low)) : 0
        }
        return (value - low) / (high - low)
    }

    /// 1, 2, 2.5 or 5 times a power of ten, at least the given size.
    static func step(_ size: Double) -> Double {
        let power = pow(10, floor(log10(size)))
        return ([1, 2, 2.5, 5, 10].first { $0 * power >= size * (1 - 1e-9) } ?? 10) * power
    }

    private static func text(_ value: Double, _ step: Double, _ style: NumberStyle) -> String {
        let value = abs(value) < step * 1e-6 ? 0 : value
        if style == .percentage { return NumberText.fixed(value * 100, decimals: decimals(step * 100)) + "%" }
        if abs(value) >= 1e5 && abs(value) < 1e12 && step >= 1000 {
            let (unit, letter) = abs(value) >= 1e9 ? (1e9, "G") : abs(value) >= 1e6 ? (1e6, "M") : (1e3, "k")
            return NumberText.fixed(value / unit, decimals: decimals(step / unit)) + letter
        }
        if value != 0 && (step < 1e-4 || abs(value) >= 1e12) { return NumberText.scientific(value, decimals: 1) }
        if step >= 1 && abs(value) >= 1000 { return NumberText.grouped(Int(bounded: value.rounded())) }
        return NumberText.fixed(value, decimals: decimals(step))
    }

    /// How many decimals the step needs.
    private static func decimals(_ step: Double) -> Int {
        for count in 0..<8 {
            let scaled = step * pow(10, Double(count))
            if abs(scaled - scaled.rounded()) < 1e-6 * scaled { return count }
        }
        return 8
    }

    /// The range, widened to 1, 2 or 5 times a power of ten.
    private static func decades(_ low: Double, _ high: Double) -> (Double, Double, Bool) {
        let below = pow(10, floor(log10(low)))
        let lowEnd = ([5, 2, 1].first { $0 * below <= low * (1 + 1e-9) } ?? 1) * below
        let above = pow(10, floor(log10(high)))
        let highEnd = ([1, 2, 5, 10].first { $0 * above >= high * (1 - 1e-9) } ?? 10) * above
        return (lowEnd, max(highEnd, lowEnd * 10), true)
    }

    private static func logarithmicTicks(_ low: Double, _ high: Double) -> [(value: Double, text: String)] {
        let first = Int(bounded: floor(log10(low) + 1e-9))
        let last = Int(bounded: ceil(log10(high) - 1e-9))
        let factors: [Double] = last - first <= 2 ? [1, 2, 5] : [1]
        let every = max(1, (last - first + 5) / 6)
        return (first...last).flatMap { power -> [(value: Double, text: String)] in
            guard (power - first).isMultiple(of: every) else { return [] }
            return factors.compactMap { factor in
                let value = factor * pow(10, Double(power))
                guard value >= low * (1 - 1e-9), value <= high * (1 + 1e-9) else { return nil }
                if value >= 1e-3 && value < 1e5 {
                    let decimals = max(0, -power)
                    return (
                        value,
                        value >= 1000
                            ? NumberText.grouped(Int(bounded: value)) : NumberText.fixed(value, decimals: decimals)
                    )
                }
                return (value, NumberText.scientific(value, decimals: 0))
            }
        }
    }
}
