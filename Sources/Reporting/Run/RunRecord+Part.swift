import Tensors

// Results are of the test images, or of the validation images where the data has no test part.
extension RunRecord {
    /// "test" or "validation".
    var resultPart: String {
        if let part = result?["part"]?.stringValue, part == "validation" || part == "test" { return part }
        if let summary { return RunRecord.part(of: summary) }
        if let data = run?["data"], data["test"] == .null { return "validation" }
        return "test"
    }

    /// Of the last epoch.
    var accuracy: Double? { summary?["\(resultPart)Accuracy"]?.doubleValue }
    var loss: Double? { summary?["\(resultPart)Loss"]?.doubleValue }
    var bestAccuracy: Double? { summary?["best\(resultPart.capitalized)Accuracy"]?.doubleValue }
    var averageAccuracy: Double? { summary?["ema\(resultPart.capitalized)Accuracy"]?.doubleValue }

    /// What the accuracies in a summary, or in an entry of one for several runs, are of.
    static func part(of summary: JSONValue) -> String {
        let hasTest = [summary["testAccuracy"], summary["testAccuracyAfter"]].contains { $0 != nil && $0 != .null }
        let hasValidation = [summary["validationAccuracy"], summary["validationAccuracyAfter"]].contains {
            $0 != nil && $0 != .null
        }
        return !hasTest && hasValidation ? "validation" : "test"
    }
}
