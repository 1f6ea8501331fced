import Configuration

/// The section `schedule` of a configuration.
public struct ScheduleConfiguration: Sendable, Equatable {
    /// The ways in which the rate may fall.
    public enum Kind: String, Sendable, CaseIterable {
        case cosine, step, constant, polynomial
    }

    /// Which of them.
    public var kind = Kind.cosine
    /// Epochs over which the rate rises.
    public var warmupEpochs = 5.0
    /// The rate at the start of the warm-up.
    public var warmupLearningRate = 0.0
    /// The rate that cosine and polynomial end at.
    public var minimumLearningRate = 1e-6
    /// Epochs between steps.
    public var stepEpochs = 30.0
    /// The epochs of the steps, rising, where they are not evenly spaced.
    public var milestones: [Double]?
    /// What a step multiplies the rate with.
    public var stepFactor = 0.1
    /// Of the polynomial.
    public var power = 1.0

    /// The defaults.
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
        milestones = reader.optionalDoubles(
            "milestones", in: .leastNonzeroMagnitude...1e6, count: 1...64,
            "Epochs at which there is a step, in place of one every stepEpochs: [8, 11] of 12 in detection")
        if let milestones, zip(milestones, milestones.dropFirst()).contains(where: { $0 >= $1 }) {
            reader.problem("milestones", "found \(milestones), expected rising epochs")
        }
        stepFactor = reader.double(
            "stepFactor", default: stepFactor, in: .leastNonzeroMagnitude...1, "Factor on the learning rate at a step")
        power = reader.double(
            "power", default: power, in: .leastNonzeroMagnitude...100, "Exponent of the polynomial")
    }
}
