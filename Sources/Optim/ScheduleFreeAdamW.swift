import Tensors

/// AdamW without a schedule; Defazio et al., arXiv 2405.15682, algorithm 1 and the authors' `AdamWScheduleFree`.
///
/// Three points: z takes the steps, x is their weighted mean, and gradients are taken at y = (1 - beta1) z + beta1 x, which is
/// what lies in the parameters. With u = g / (sqrt(v / (1 - beta2^t)) + epsilon) + weight decay * y:
///
///     z' = z - rate u        x' = (1 - c) x + c z'        c = weight / sum of weights so far
///
/// and a step weighs as much as the square of the largest rate up to it. **x is what to measure and to keep**: `evaluated` gives
/// it. Two arrays of state, of which one is the gap d = z - y, so that zeros are a state to start from:
///
///     y' = y + c d - rate (1 - beta1 (1 - c)) u        d' = (1 - c) (d - beta1 rate u)        x = y - (1 / beta1 - 1) d
///
/// A constant rate after a warm-up belongs to it. Batch norms gather statistics at y, which is near x.
public final class ScheduleFreeAdamW<S: Scalar>: Optimizer {
    /// What is updated, and with which decay and rate.
    public let groups: ParameterGroups
    /// How far y lies from z towards x.
    public let beta1: Double
    /// How much of the mean of squares is kept.
    public let beta2: Double
    /// Added to the root of the mean of squares.
    public let epsilon: Double
    /// The number of updates so far.
    public private(set) var stepCount = 0
    private var weightSum = 0.0
    private var largestRate = 0.0
    private let gap: Storage<S>
    private let secondMoment: Storage<S>

    /// - Parameters:
    ///   - betas: the first above 0, for without it x cannot be told from y.
    ///   - epsilon: above 0, so that a parameter without gradient stays.
    public init(groups: ParameterGroups, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8) {
        require(
            (0..<1).contains(betas.0) && betas.0 > 0 && (0..<1).contains(betas.1) && S(epsilon) > 0,
            "ScheduleFreeAdamW",
            "betas \(betas) must lie in 0..<1, the first above 0, and epsilon \(epsilon) above 0")
        self.groups = groups
        (beta1, beta2) = betas
        self.epsilon = epsilon
        gap = .zeros(groups.flatCount)
        secondMoment = .zeros(groups.flatCount)
    }

    /// What an update remembers.
    public var stateArrays: [(name: String, storage: Storage<S>)] { [("gap", gap), ("secondMoment", secondMoment)] }

    /// The sum of the weights so far, and the largest rate.
    public var stateNumbers: [(name: String, value: Double)] {
        [("weightSum", weightSum), ("largestRate", largestRate)]
    }

    /// One update of y, the parameters.
    public func update(parameters: Storage<S>, gradients: Storage<S>, learningRate: Double, gradientScale: Double) {
        checkLengths("ScheduleFreeAdamW", parameters, gradients)
        stepCount += 1
        largestRate = max(largestRate, learningRate)
        let weight = largestRate * largestRate
        weightSum += weight
        // A warm-up from 0 begins with a step that moves nothing.
        let share = weightSum > 0 ? weight / weightSum : 0
        let correction = (1 - power(beta2, Double(stepCount))).squareRoot()
        let constants = groups.groups.map { group in
            ScheduleFreeConstants(
                gradientScale: gradientScale, decay: group.weightDecay, betas: (beta1, beta2), correction: correction,
                epsilon: epsilon, rate: learningRate * group.learningRateMultiplier, share: share)
        }
        let (p, g, d, v) = (parameters.pointer, gradients.pointer, gap.pointer, secondMoment.pointer)
        groups.forEachPiece { group, range in
            let start = range.lowerBound
            S.scheduleFree(p + start, g + start, d + start, v + start, range.count, constants[group])
        }
    }

    /// x, the mean of the steps, a new buffer.
    public func evaluated(_ parameters: Storage<S>) -> Storage<S>? {
        checkLengths("ScheduleFreeAdamW.evaluated", parameters, gap)
        let mean = Storage<S>(count: parameters.count)
        let (x, y, d) = (mean.pointer, parameters.pointer, gap.pointer)
        let factor = 1 - 1 / beta1
        parallelFor(parameters.count, grain: elementGrain) { range in
            let start = range.lowerBound
            (x + start).update(from: y + start, count: range.count)
            S.combine(x + start, d + start, range.count, own: 1, other: factor)
        }
        return mean
    }

    /// Always throws, as the numbers are missing.
    public func restore(stepCount: Int, arrays: [String: [S]]) throws {
        try restore(stepCount: stepCount, arrays: arrays, numbers: [:])
    }

    /// Continues from a saved state.
    public func restore(stepCount: Int, arrays: [String: [S]], numbers: [String: Double]) throws {
        guard numbers.count == 2, let sum = numbers["weightSum"], let rate = numbers["largestRate"], sum.isFinite,
            rate.isFinite, sum >= 0, rate >= 0
        else {
            throw OptimizerStateError(
                description: "The saved state of ScheduleFreeAdamW has the numbers \(numbers.keys.sorted()), expected "
                    + "`weightSum` and `largestRate` of at least 0.")
        }
        try restoreArrays(arrays, into: stateArrays, owner: "ScheduleFreeAdamW")
        (self.stepCount, weightSum, largestRate) = (stepCount, sum, rate)
    }
}
