import JSON
import Reporting
import Tensors

/// The part of the data that results are of.
public enum ResultPart: String, Sendable {
    case test
    /// Where there is no test part.
    case validation
}

/// The result of a run, `summary.json`.
public struct Summary: Sendable {
    /// Of the last epoch's raw weights, 0..1; `nil` where the data has no test part.
    public var testAccuracy: Double?
    /// Mean cross-entropy without smoothing.
    public var testLoss: Double?
    /// The epoch of the best validation accuracy, from 1; the last one when nothing was validated.
    public var bestEpoch = 0
    public var bestValidationAccuracy: Double?
    public var bestTestAccuracy: Double?
    public var emaTestAccuracy: Double?
    /// Of the last epoch's raw weights; `nil` where nothing was validated.
    public var lastValidationAccuracy: Double?
    public var lastValidationLoss: Double?
    /// Where it stands in for the test.
    public var emaValidationAccuracy: Double?
    public var epochs = 0
    public var updates = 0
    public var imagesPerSecond = 0.0
    /// Training and evaluation, without building the program.
    public var seconds = 0.0
    public var peakMemoryMB = 0.0
    public var parameters = 0
    public var stoppedEarly: String?

    /// What the results are of, `nil` where nothing but training images was measured.
    public var resultPart: ResultPart? {
        testAccuracy != nil ? .test : lastValidationAccuracy != nil ? .validation : nil
    }
    /// The last epoch's accuracy and loss on the part that the results are of.
    public var accuracy: Double? { testAccuracy ?? lastValidationAccuracy }
    public var loss: Double? { testAccuracy != nil ? testLoss : lastValidationLoss }
    /// The best epoch's.
    public var bestAccuracy: Double? { testAccuracy != nil ? bestTestAccuracy : bestValidationAccuracy }

    public var json: JSONValue {
        func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        func measured(_ value: Double?) -> JSONValue { value.map { .measured($0) } ?? .null }
        var members: [JSONValue.Member] = [
            .init("testAccuracy", optional(testAccuracy)), .init("testLoss", measured(testLoss)),
            .init("bestEpoch", .integer(bestEpoch)), .init("bestValidationAccuracy", optional(bestValidationAccuracy)),
            .init("bestTestAccuracy", optional(bestTestAccuracy)), .init("emaTestAccuracy", optional(emaTestAccuracy)),
            .init("validationAccuracy", optional(lastValidationAccuracy)),
            .init("validationLoss", measured(lastValidationLoss)),
            .init("epochs", .integer(epochs)), .init("updates", .integer(updates)),
            .init("imagesPerSecond", .rounded(imagesPerSecond, decimals: 1)),
            .init("seconds", .rounded(seconds, decimals: 3)),
            .init("peakMemoryMB", .rounded(peakMemoryMB, decimals: 1)), .init("parameters", .integer(parameters)),
        ]
        if let emaValidationAccuracy { members.append(.init("emaValidationAccuracy", .number(emaValidationAccuracy))) }
        if let stoppedEarly { members.append(.init("stoppedEarly", .string(stoppedEarly))) }
        return .object(members)
    }

    /// What came out, name and value, for a table.
    public var rows: [[String]] {
        var rows: [[String]] = []
        func add(_ name: String, _ value: Double?, _ text: (Double) -> String) {
            if let value { rows.append([name, text(value)]) }
        }
        func share(_ value: Double) -> String { NumberText.percentage(value) }
        guard let part = resultPart?.rawValue else {
            return [["test", "none, and no validation part: nothing was measured"]]
        }
        add("\(part) accuracy (last epoch)", accuracy, share)
        add("\(part) loss", loss) { NumberText.fixed($0, decimals: 4) }
        if let validation = bestValidationAccuracy {
            rows.append(["best epoch", "\(bestEpoch) (validation \(share(validation)))"])
            add("test accuracy (best epoch)", bestTestAccuracy, share)
        }
        add("test accuracy (moving average)", emaTestAccuracy, share)
        add("validation accuracy (moving average)", emaValidationAccuracy, share)
        if testAccuracy == nil { rows.append(["test", "none, results are of validation"]) }
        return rows
    }
}
