import Configuration

/// The section `schedule` of a configuration.
public struct ScheduleConfiguration: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case cosine, step, constant, polynomial
    }

    public var kind = Kind.cosine
    public var warmupEpochs = 5.0
    public var warmupLearningRate = 0.0
    public var minimumLearningRate = 1e-6
    public var stepEpochs = 30.0
    public var stepFactor = 0.1
    public var power = 1.0

    public init() {}

    /// Reads the section's keys.
    public init(_ reader: ConfigurationReader) {
        let epochs = 0...1e6
        let notNegative = 0...Double.greatestFiniteMagnitude
        kind = reader.choice("kind", default: kind, "How the learning rate falls after the warm-up")
        warmupEpochs = reader.double(
            "warmupEpochs", default: warmupEpochs, in: epochs, "Epochs over which the learning rate rises")
        warmupLearningRate = reader.double(
            "warmupLearningRate", default: warmupLearningRate, in: notNegative, "Learning rate where the warm-up begins"
        )
        minimumLearningRate = reader.double(
            "minimumLearningRate", default: minimumLearningRate, in: notNegative,
            "Learning rate where cosine, step and polynomial end")
        stepEpochs = reader.double(
            "stepEpochs", default: stepEpochs, in: .leastNonzeroMagnitude...1e6, "Epochs between two steps")
        stepFactor = reader.double(
            "stepFactor", default: stepFactor, in: .leastNonzeroMagnitude...1, "Factor on the learning rate at a step")
        power = reader.double(
            "power", default: power, in: .leastNonzeroMagnitude...100, "Exponent of the polynomial")
    }
}
