import JSON

/// How values of a metric stand on pages, in tables and in sentences.
extension Metric {
    /// The title where it begins a line; a first word with capitals of its own, as `mIoU`, stays as it is.
    package var heading: String {
        let isName = title.prefix { $0 != " " }.contains(where: \.isUppercase)
        return isName ? title : (title.first?.uppercased() ?? "") + title.dropFirst()
    }

    /// The title where there is little room: `acc`, `mae` of "mean absolute error", `mIoU` of "mean IoU".
    package var abbreviation: String {
        let words = title.split { $0 == " " || $0 == "-" }.filter { $0.first != "(" }
        guard words.count > 1 else { return title.contains(where: \.isUppercase) ? title : String(title.prefix(3)) }
        return words.map { $0.contains(where: \.isUppercase) ? String($0) : String($0.prefix(1)) }.joined()
    }

    /// A value where it changes too fast to be read to its last digit.
    package func shortText(_ value: Double) -> String {
        switch style {
        case .percentage: NumberText.percentage(value, decimals: 1)
        case .plain: text(value)
        }
    }

    /// The mean of some values, with their deviation where there are several.
    package func text(_ spread: Spread) -> String {
        spread.count > 1 ? text(spread.mean) + " ± " + spreadText(spread.deviation) : text(spread.mean)
    }

    /// How far the first value is better than the second; below 0 where it is worse.
    package func lead(of value: Double, over other: Double) -> Double {
        isHigherBetter ? value - other : other - value
    }

    /// A lead or an error in a sentence, without its unit.
    package func leadText(_ value: Double) -> String {
        switch style {
        case .percentage: NumberText.fixed(100 * value, decimals: 100 * value < 0.095 ? 2 : 1)
        case .plain: NumberText.fixed(value, decimals: 4)
        }
    }

    /// The unit of a lead, as it follows the number.
    package var leadUnit: String { style == .percentage ? " points" : "" }

    /// How charts write its values.
    package var numberStyle: NumberStyle { style == .percentage ? .percentage : .plain }

    /// What the axis of a chart must not go beyond; nil where values have no bounds.
    package var limits: ClosedRange<Double>? { style == .percentage ? 0...1 : nil }

    /// Whether values that are good lie at the upper end of the axis, where a chart may give them the room.
    package var fillsTheTop: Bool { style == .percentage && isHigherBetter }

    /// Whether a value is a share of images that are right, so that the number of images says how far it may be off.
    package var isShareOfImages: Bool { self == .accuracy }

    /// Places the best first and what is missing last.
    package func isOrdered(_ value: Double?, before other: Double?) -> Bool {
        guard let value else { return false }
        guard let other else { return true }
        return isBetter(value, than: other)
    }
}

extension Metric {
    /// The metrics that a run's description names; those of runs before there was a choice where it names none that can
    /// be read.
    static func all(run: JSONValue?, summary: JSONValue?) -> [Metric] {
        let named = (run?["metrics"]?.arrayValue ?? []).prefix(16).compactMap { Metric($0) }
        if !named.isEmpty { return named }
        let one = primary(of: summary)
        return one == accuracy ? unnamed : [one]
    }

    /// Those that pages draw and tabulate beside the loss. Top-five accuracy is told by the log and by TensorBoard alone.
    static func shown(_ metrics: [Metric]) -> [Metric] {
        metrics.filter { $0 != .topFiveAccuracy && $0.name != Metric.loss.name }
    }

    /// The one metric of several runs; nil where they have different ones, which have no common axis and no common best.
    static func common(_ metrics: some Sequence<Metric>) -> Metric? {
        let found = Set(metrics)
        return found.count < 2 ? found.first ?? accuracy : nil
    }
}
