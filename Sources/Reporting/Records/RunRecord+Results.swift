import JSON

extension RunRecord {
    /// The part of the data that results are of.
    public enum Part: String, Sendable {
        case test
        /// Of data without a test part.
        case validation
    }

    /// The test images, or those of validation where the data have no test part.
    public var resultPart: Part {
        if score("test") != nil { return .test }
        if let test = run?["data"]?["test"] { return (test.integerValue ?? 0) > 0 ? .test : .validation }
        return summary == nil ? .test : .validation
    }

    /// The part that the confusion matrix and the mistakes are of.
    var detailedPart: Part { result?["part"]?.stringValue.flatMap(Part.init) ?? resultPart }

    /// How many images a part has, where that was written down.
    public func images(_ part: Part) -> Int? {
        if let count = run?["data"]?[part.rawValue]?.integerValue, count > 0 { return count }
        guard part == detailedPart, let count = result?["count"]?.integerValue, count > 0 else { return nil }
        return count
    }

    /// A value of the summary's metric.
    /// - Parameter prefix: what it is of: `test`, `bestTest`.
    package func score(_ prefix: String) -> Double? { summary?[primary.key(prefix)]?.doubleValue }

    /// The metric's values in the epochs.
    /// - Parameter prefix: what they are of: `train`, `validation`.
    package func scores(_ prefix: String) -> [Double?] { values(primary.key(prefix)) }

    /// Of the last weights on the part that results are of, in the metric that chooses.
    public var lastScore: Double? {
        switch resultPart {
        case .test: score("test")
        case .validation: isFinished ? score("validation") ?? scores("validation").compactMap { $0 }.last : nil
        }
    }

    /// The loss that goes with `lastScore`.
    public var lastLoss: Double? {
        switch resultPart {
        case .test: summary?["testLoss"]?.doubleValue
        case .validation:
            isFinished
                ? summary?["validationLoss"]?.doubleValue ?? values("validationLoss").compactMap { $0 }.last : nil
        }
    }

    /// The best of any epoch on the validation images, by which runs are chosen.
    public var bestValidation: Double? { score("bestValidation") ?? bestEpochScore }

    /// The same from the epochs alone.
    var bestEpochScore: Double? { primary.best(scores("validation").compactMap { $0 }) }

    /// The seed as the configuration says it.
    var seed: String? { value(of: "run.seed") ?? run?["seed"]?.integerValue.map { String($0) } }

    /// A value of the configuration.
    func value(of key: String) -> String? {
        run?["configuration"]?.arrayValue?.first { $0["path"]?.stringValue == key }?["value"]?.stringValue
    }
}
