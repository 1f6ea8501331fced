import Tensors

extension Summary {
    /// What `summary.json` holds; nil when a number is missing.
    public init?(_ json: JSONValue) {
        func number(_ name: String) -> Double? { json[name]?.doubleValue }
        guard let testAccuracy = number("testAccuracy"), let bestTestAccuracy = number("bestTestAccuracy"),
            let bestEpoch = json["bestEpoch"]?.integerValue, let seconds = number("seconds")
        else { return nil }
        self.init()
        self.testAccuracy = testAccuracy
        testLoss = number("testLoss") ?? .nan
        self.bestEpoch = bestEpoch
        bestValidationAccuracy = number("bestValidationAccuracy")
        self.bestTestAccuracy = bestTestAccuracy
        emaTestAccuracy = number("emaTestAccuracy")
        epochs = json["epochs"]?.integerValue ?? 0
        updates = json["updates"]?.integerValue ?? 0
        imagesPerSecond = number("imagesPerSecond") ?? 0
        self.seconds = seconds
        peakMemoryMB = number("peakMemoryMB") ?? 0
        parameters = json["parameters"]?.integerValue ?? 0
        stoppedEarly = json["stoppedEarly"]?.stringValue
    }
}

extension DistillationSummary {
    /// What `summary.json` and `stages.json` hold; nil when something is missing.
    public init?(_ json: JSONValue, stages: JSONValue?) {
        guard let arm = json["arm"]?.stringValue.flatMap(Arm.init), let seed = json["seed"]?.integerValue,
            let summary = Summary(json)
        else { return nil }
        self.init(
            arm: arm, seed: seed, order: (json["order"]?.arrayValue ?? []).compactMap(\.stringValue), summary: summary,
            trainLoss: json["trainLoss"]?.doubleValue ?? .nan,
            trainAccuracy: json["trainAccuracy"]?.doubleValue ?? .nan,
            stages: (stages?.arrayValue ?? []).compactMap { StageResult($0) })
    }
}
