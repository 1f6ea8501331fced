import Configuration

/// When the learning rate falls because validation gets no better; the rules of PyTorch's `ReduceLROnPlateau`.
public struct Plateau: Sendable, Equatable {
    /// What the rate is multiplied with.
    public var factor = 0.1
    /// So many epochs without a better one change nothing; the next one lowers the rate.
    public var patience = 10
    /// How much better an epoch must be: a share of the best value, or the value itself.
    public var threshold = 1e-4
    /// Whether the threshold is a share of the best value.
    public var isRelative = true
    /// Epochs after a fall that are not counted.
    public var cooldown = 0

    /// PyTorch's defaults.
    public init() {}

    /// Reads the section `schedule.plateau`.
    public init(_ reader: ConfigurationReader) {
        factor = reader.double(
            "factor", default: factor, in: Double.leastNonzeroMagnitude...1.0.nextDown,
            "Factor on the learning rate where validation gets no better (plateau)")
        patience = reader.int(
            "patience", default: patience, in: 0...100_000,
            "Epochs without a better validation that change nothing (plateau)")
        threshold = reader.double(
            "threshold", default: threshold, in: 0...1e6,
            "How much better an epoch must be to count as better (plateau)")
        isRelative = reader.bool(
            "relative", default: isRelative,
            "Whether threshold is a share of the best value rather than a difference from it (plateau)")
        cooldown = reader.int(
            "cooldown", default: cooldown, in: 0...100_000,
            "Epochs after a fall of the learning rate that are not counted (plateau)")
    }

    /// What is remembered from epoch to epoch; with it a run goes on as if it had not been interrupted.
    public struct Memory: Sendable, Equatable {
        /// What the scheduled rate is multiplied with.
        public var scale: Double
        /// The best value so far.
        public var best: Double?
        /// Epochs without a better one.
        public var badEpochs: Int
        /// Epochs that will not be counted.
        public var cooldownLeft: Int

        /// Before the first epoch, or what was saved.
        public init(scale: Double = 1, best: Double? = nil, badEpochs: Int = 0, cooldownLeft: Int = 0) {
            (self.scale, self.best, self.badEpochs, self.cooldownLeft) = (scale, best, badEpochs, cooldownLeft)
        }

        /// A scheduled rate as it is now, never lowered below `minimum`.
        public func lowered(_ rate: Double, minimum: Double) -> Double {
            scale < 1 ? min(rate, max(minimum, rate * scale)) : rate
        }
    }

    /// Takes in an epoch's value.
    /// - Returns: whether the rate falls from now on.
    public func observe(_ value: Double, isHigherBetter: Bool, _ memory: inout Memory) -> Bool {
        if memory.best.map({ isBetter(value, than: $0, isHigherBetter) }) ?? true {
            (memory.best, memory.badEpochs) = (value, 0)
        } else {
            memory.badEpochs += 1
        }
        if memory.cooldownLeft > 0 {
            memory.cooldownLeft -= 1
            memory.badEpochs = 0
        }
        guard memory.badEpochs > patience else { return false }
        (memory.cooldownLeft, memory.badEpochs) = (cooldown, 0)
        memory.scale *= factor
        return true
    }

    private func isBetter(_ value: Double, than best: Double, _ isHigherBetter: Bool) -> Bool {
        let margin = isHigherBetter ? threshold : -threshold
        let limit = isRelative ? best * (1 + margin) : best + margin
        return isHigherBetter ? value > limit : value < limit
    }
}
