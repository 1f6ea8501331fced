// Metrics: what an evaluation measures, how such values are written, and which of several is best.

import JSON

/// Something that an evaluation measures: how it is called in files and in sentences, how it is written, and which of
/// two values is the better one. A task names its metrics; whoever writes or reads a run knows no others.
public struct Metric: Sendable, Hashable {
    /// How a value is written.
    public enum Style: String, Sendable, Hashable {
        /// A share of 1, as a percentage.
        case percentage
        /// A number with four decimals.
        case plain
    }

    /// A word in camel case, the end of its keys: `accuracy`.
    public let name: String
    /// The same in sentences and tables: `accuracy`.
    public let title: String
    /// How a value is written.
    public let style: Style
    /// Whether more is better.
    public let isHigherBetter: Bool

    /// - Parameters:
    ///   - name: a word in camel case; it becomes part of keys in files, so it is not changed once runs have it.
    ///   - title: the same as people read it, in lower case but for names.
    public init(_ name: String, title: String, style: Style = .percentage, isHigherBetter: Bool = true) {
        self.name = name
        self.title = title
        self.style = style
        self.isHigherBetter = isHigherBetter
    }

    /// The key of a value in a line of the log or in a summary: `validationAccuracy`, `bestTestAccuracy`.
    /// - Parameter prefix: what the value is of: `validation`, `bestTest`.
    public func key(_ prefix: String) -> String {
        guard !prefix.isEmpty, let first = name.first else { return prefix + name }
        return prefix + first.uppercased() + name.dropFirst()
    }

    /// A value as people read it; a share below 0 stands for one of nothing.
    public func text(_ value: Double) -> String {
        switch style {
        case .percentage: value < 0 ? "-" : NumberText.percentage(value)
        case .plain: NumberText.fixed(value, decimals: 4)
        }
    }

    /// A spread of values, such as a deviation, in the unit of `text` and without it: hundredths for percentages.
    public func spreadText(_ value: Double) -> String {
        switch style {
        case .percentage: NumberText.fixed(100 * value, decimals: 2)
        case .plain: NumberText.fixed(value, decimals: 4)
        }
    }

    /// Whether the first value is the better one.
    public func isBetter(_ value: Double, than other: Double) -> Bool {
        isHigherBetter ? value > other : value < other
    }

    /// The best of some values.
    public func best(_ values: some Sequence<Double>) -> Double? { isHigherBetter ? values.max() : values.min() }
}

extension Metric {
    /// The loss of the evaluation, which every task has.
    public static let loss = Metric("loss", title: "loss", style: .plain, isHigherBetter: false)
    /// The share of images whose class is named.
    public static let accuracy = Metric("accuracy", title: "accuracy")
    /// The share of images whose class is among the five most probable ones.
    public static let topFiveAccuracy = Metric("topFiveAccuracy", title: "top-five accuracy")

    /// Those of a run that names none, as runs did before tasks had metrics of their own.
    public static let unnamed = [accuracy, topFiveAccuracy]

    /// Whether a summary need not name it, being the one that all summaries were of.
    public var isUnnamed: Bool { self == Metric.unnamed[0] }
}

extension Metric {
    /// As a run's description and its summary keep it.
    public var json: JSONValue {
        [
            "name": .string(name), "title": .string(title), "style": .string(style.rawValue),
            "isHigherBetter": .bool(isHigherBetter),
        ]
    }

    /// - Returns: nil where a member is missing or unknown.
    public init?(_ json: JSONValue) {
        guard let name = json["name"]?.stringValue, !name.isEmpty, let title = json["title"]?.stringValue,
            let style = json["style"]?.stringValue.flatMap(Style.init),
            let isHigherBetter = json["isHigherBetter"]?.boolValue
        else { return nil }
        self.init(name, title: title, style: style, isHigherBetter: isHigherBetter)
    }

    /// The metric that a summary's values are of.
    public static func primary(of summary: JSONValue?) -> Metric {
        summary?["metric"].flatMap { Metric($0) } ?? accuracy
    }
}
