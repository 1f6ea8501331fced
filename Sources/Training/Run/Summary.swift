import Tensors

/// The result of a run, `summary.json`.
public struct Summary: Sendable {
    /// Of the last epoch's raw weights, 0..1.
    public var testAccuracy = 0.0
    /// Mean cross-entropy without smoothing.
    public var testLoss = 0.0
    /// The epoch of the best validation accuracy, from 1; the last one when nothing was validated.
    public var bestEpoch = 0
    public var bestValidationAccuracy: Double?
    public var bestTestAccuracy = 0.0
    public var emaTestAccuracy: Double?
    public var epochs = 0
    public var updates = 0
    public var imagesPerSecond = 0.0
    /// Training and evaluation, without building the program.
    public var seconds = 0.0
    public var peakMemoryMB = 0.0
    public var parameters = 0
    public var stoppedEarly: String?

    public var json: JSONValue {
        func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        var members: [JSONValue.Member] = [
            .init("testAccuracy", .number(testAccuracy)), .init("testLoss", .measured(testLoss)),
            .init("bestEpoch", .integer(bestEpoch)), .init("bestValidationAccuracy", optional(bestValidationAccuracy)),
            .init("bestTestAccuracy", .number(bestTestAccuracy)), .init("emaTestAccuracy", optional(emaTestAccuracy)),
            .init("epochs", .integer(epochs)), .init("updates", .integer(updates)),
            .init("imagesPerSecond", .rounded(imagesPerSecond, decimals: 1)),
            .init("seconds", .rounded(seconds, decimals: 3)),
            .init("peakMemoryMB", .rounded(peakMemoryMB, decimals: 1)), .init("parameters", .integer(parameters)),
        ]
        if let stoppedEarly { members.append(.init("stoppedEarly", .string(stoppedEarly))) }
        return .object(members)
    }
}
