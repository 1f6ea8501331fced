import JSON
import Reporting

/// The part of the data that results are of.
public enum ResultPart: String, Sendable {
    case test
    /// Where there is no test part.
    case validation
}

/// The result of a run, `summary.json`.
public struct Summary: Sendable {
    /// What a run took.
    public struct Cost: Sendable {
        /// Epochs that were trained, earlier ones of a resumed run included.
        public var epochs = 0
        /// Steps of the optimizer.
        public var updates = 0
        /// Training images a second, evaluations left out.
        public var imagesPerSecond = 0.0
        /// Training and evaluation, without building the program.
        public var seconds = 0.0
        /// The most memory the program held, in millions of bytes.
        public var peakMemoryMB = 0.0
        /// How many the model has, frozen ones included.
        public var parameters = 0
        /// Of a forward pass of one image; `nil` in summaries of older programs.
        public var multiplyAdds: Int?
    }

    /// The metric that decides, which all values but losses are of.
    public let metric: Metric
    /// Of the last epoch's raw weights; `nil` where the data has no test part.
    public var test: Scores?
    /// Of the last epoch's raw weights; `nil` where nothing was validated.
    public var validation: Scores?
    /// The epoch that did best in validation, from 1; the last one when nothing was validated.
    public var bestEpoch = 0
    /// The best epoch's value in validation; nil where nothing was validated.
    public var bestValidation: Double?
    /// The best epoch's value in the test; nil without a test part.
    public var bestTest: Double?
    /// Of the moving average.
    public var averageTest: Double?
    /// Where it stands in for the test.
    public var averageValidation: Double?
    /// What the run took.
    public var cost = Cost()
    /// Why training ended before its last epoch, nil where it did not.
    public var stoppedEarly: String?

    /// A summary without results.
    public init(metric: Metric) { self.metric = metric }

    /// What the results are of, `nil` where nothing but training images was measured.
    public var resultPart: ResultPart? { test != nil ? .test : validation != nil ? .validation : nil }
    /// The last epoch's scores on the part that the results are of.
    public var result: Scores? { test ?? validation }
    /// The best epoch's value.
    public var best: Double? { test != nil ? bestTest : bestValidation }

    /// What came out, name and value, for a table.
    public var rows: [[String]] {
        var rows: [[String]] = []
        func add(_ name: String, _ value: Double?, _ text: (Double) -> String) {
            if let value { rows.append([name, text(value)]) }
        }
        guard let part = resultPart?.rawValue else {
            return [["test", "none, and no validation part: nothing was measured"]]
        }
        add("\(part) \(metric.title) (last epoch)", result?.primary, metric.text)
        for other in result?.values.dropFirst() ?? [] where !metric.isUnnamed {
            add("\(part) \(other.metric.title)", other.value, other.metric.text)
        }
        add("\(part) loss", result?.loss) { NumberText.fixed($0, decimals: 4) }
        if let bestValidation {
            rows.append(["best epoch", "\(bestEpoch) (validation \(metric.text(bestValidation)))"])
            add("test \(metric.title) (best epoch)", bestTest, metric.text)
        }
        add("test \(metric.title) (moving average)", averageTest, metric.text)
        add("validation \(metric.title) (moving average)", averageValidation, metric.text)
        if test == nil { rows.append(["test", "none, results are of validation"]) }
        return rows
    }
}

extension Summary {
    /// The members of `summary.json`, keys named after the metric that decides.
    public var json: JSONValue {
        func measured(_ value: Double?) -> JSONValue { value.map { .measured($0) } ?? .null }
        var members: [JSONValue.Member] = [
            .init(metric.key("test"), .optional(test?.primary)), .init("testLoss", measured(test?.loss)),
            .init("bestEpoch", .integer(bestEpoch)), .init(metric.key("bestValidation"), .optional(bestValidation)),
            .init(metric.key("bestTest"), .optional(bestTest)),
            .init(metric.key("emaTest"), .optional(averageTest)),
            .init(metric.key("validation"), .optional(validation?.primary)),
            .init("validationLoss", measured(validation?.loss)),
            .init("epochs", .integer(cost.epochs)), .init("updates", .integer(cost.updates)),
            .init("imagesPerSecond", .rounded(cost.imagesPerSecond, decimals: 1)),
            .init("seconds", .rounded(cost.seconds, decimals: 3)),
            .init("peakMemoryMB", .rounded(cost.peakMemoryMB, decimals: 1)),
            .init("parameters", .integer(cost.parameters)),
        ]
        if let count = cost.multiplyAdds { members.append(.init("multiplyAdds", .integer(count))) }
        if let averageValidation { members.append(.init(metric.key("emaValidation"), .number(averageValidation))) }
        if let stoppedEarly { members.append(.init("stoppedEarly", .string(stoppedEarly))) }
        // A summary that names no metric is one of the metric that all summaries were of.
        guard !metric.isUnnamed else { return .object(members) }
        let others = result?.values.dropFirst().map(\.metric.json) ?? []
        if !others.isEmpty { members.append(.init("otherMetrics", .array(others))) }
        members.append(.init("metric", metric.json))
        for (part, scores) in [("test", test), ("validation", validation)] {
            for other in scores?.values.dropFirst() ?? [] {
                members.append(.init(other.metric.key(part), .number(other.value)))
            }
        }
        return .object(members)
    }

    /// What `summary.json` holds; nil when a number is missing.
    public init?(_ json: JSONValue) {
        func number(_ name: String) -> Double? { json[name]?.doubleValue }
        let metric = Metric.primary(of: json)
        guard let bestEpoch = json["bestEpoch"]?.countValue, let seconds = number("seconds"),
            (number(metric.key("test")) == nil) == (number(metric.key("bestTest")) == nil)
        else { return nil }
        self.init(metric: metric)
        let others = (json["otherMetrics"]?.arrayValue ?? []).compactMap { Metric($0) }
        func scores(_ part: String) -> Scores? {
            number(metric.key(part)).map { value in
                let rest = others.compactMap { other in
                    number(other.key(part)).map { Scores.Value(metric: other, value: $0) }
                }
                return Scores(
                    loss: number(part + "Loss") ?? .nan, count: 0, values: [.init(metric: metric, value: value)] + rest)
            }
        }
        // Absent where the data has no such part.
        test = scores("test")
        validation = scores("validation")
        self.bestEpoch = bestEpoch
        bestValidation = number(metric.key("bestValidation"))
        bestTest = number(metric.key("bestTest"))
        averageTest = number(metric.key("emaTest"))
        averageValidation = number(metric.key("emaValidation"))
        cost = Cost(
            epochs: json["epochs"]?.countValue ?? 0, updates: json["updates"]?.countValue ?? 0,
            imagesPerSecond: number("imagesPerSecond") ?? 0, seconds: seconds,
            peakMemoryMB: number("peakMemoryMB") ?? 0, parameters: json["parameters"]?.countValue ?? 0,
            multiplyAdds: json["multiplyAdds"]?.countValue)
        stoppedEarly = json["stoppedEarly"]?.stringValue
    }
}
