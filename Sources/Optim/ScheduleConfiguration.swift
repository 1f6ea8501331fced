import Configuration

/// The section `schedule` of a configuration.
public struct ScheduleConfiguration: Sendable, Equatable {
    /// The ways in which the rate may fall.
    public enum Kind: String, Sendable, CaseIterable {
        case cosine, step, constant, polynomial, linear, warmRestarts, oneCycle, plateau
    }

    /// The section `schedule.restarts`.
    public struct Restarts: Sendable, Equatable {
        /// Epochs from the end of the warm-up to the first restart.
        public var epochs = 10.0
        /// Each cycle is so many times as long as the one before.
        public var factor = 1.0

        /// The defaults.
        public init() {}

        /// Reads the section.
        public init(_ reader: ConfigurationReader) {
            epochs = reader.double(
                "epochs", default: epochs, in: .leastNonzeroMagnitude...1e6,
                "Epochs from the warm-up to the first restart (warmRestarts)")
            factor = reader.double(
                "factor", default: factor, in: 1...100,
                "How much longer each cycle is than the one before (warmRestarts)")
        }
    }

    /// Which of them.
    public var kind = Kind.cosine
    /// Epochs over which the rate rises.
    public var warmupEpochs = 5.0
    /// The rate at the start of the warm-up.
    public var warmupLearningRate = 0.0
    /// The rate that falling ones end at.
    public var minimumLearningRate = 1e-6
    /// Epochs between steps.
    public var stepEpochs = 30.0
    /// The epochs of the steps, rising, where they are not evenly spaced.
    public var milestones: [Double]?
    /// What a step multiplies the rate with.
    public var stepFactor = 0.1
    /// Of the polynomial.
    public var power = 1.0
    /// Of warmRestarts.
    public var restarts = Restarts()
    /// Of oneCycle.
    public var oneCycle = OneCycle()
    /// Of plateau.
    public var plateau = Plateau()

    /// The defaults.
    public init() {}

    /// Reads the section's keys.
    ///
    /// - Parameter usual: the kind where none is given; an optimizer that needs no schedule goes with a constant one.
    public init(_ reader: ConfigurationReader, usual: Kind = .cosine) {
        let epochs = 0...1e6
        let notNegative = 0...Double.greatestFiniteMagnitude
        kind = reader.choice(
            "kind", default: usual,
            "How the learning rate falls after the warm-up; plateau lowers it where validation gets no better; constant by "
                + "default for the optimizer scheduleFree")
        warmupEpochs = reader.double(
            "warmupEpochs", default: kind == .oneCycle ? 0 : warmupEpochs, in: epochs,
            "Epochs over which the learning rate rises; oneCycle rises by itself")
        warmupLearningRate = reader.double(
            "warmupLearningRate", default: warmupLearningRate, in: notNegative, "Learning rate where the warm-up begins"
        )
        minimumLearningRate = reader.double(
            "minimumLearningRate", default: minimumLearningRate, in: notNegative,
            "Learning rate that none but constant and oneCycle goes below")
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
        restarts = reader.section("restarts", "The cycles of schedule.kind: warmRestarts") { Restarts($0) }
        oneCycle = reader.section("oneCycle", "The shape of schedule.kind: oneCycle") { OneCycle($0) }
        plateau = reader.section("plateau", "When schedule.kind: plateau lowers the learning rate") { Plateau($0) }
    }
}
