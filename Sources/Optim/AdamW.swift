import Tensors

/// Adam with bias correction and decoupled weight decay; Loshchilov and Hutter, arXiv 1711.05101.
///
/// In PyTorch's order: the parameter shrinks by 1 - learning rate * weight decay, both moments take the gradient, and the
/// parameter moves by rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
public final class AdamW<S: Scalar>: Optimizer {
    /// What is updated, and with which decay and rate.
    public let groups: ParameterGroups
    /// How much of the mean of gradients is kept.
    public let beta1: Double
    /// How much of the mean of squares is kept.
    public let beta2: Double
    /// Added to the root of the mean of squares.
    public let epsilon: Double
    /// The number of updates so far.
    public private(set) var stepCount = 0
    private let firstMoment: Storage<S>
    private let secondMoment: Storage<S>

    /// - Parameter epsilon: above 0, so that a parameter without gradient, padding among them, stays.
    public init(groups: ParameterGroups, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8) {
        require(
            (0..<1).contains(betas.0) && (0..<1).contains(betas.1) && S(epsilon) > 0, "AdamW",
            "betas \(betas) must lie in 0..<1 and epsilon \(epsilon) above 0")
        self.groups = groups
        (beta1, beta2) = betas
        self.epsilon = epsilon
        firstMoment = .zeros(groups.flatCount)
        secondMoment = .zeros(groups.flatCount)
    }

    /// What an update remembers.
    public var stateArrays: [(name: String, storage: Storage<S>)] {
        [("firstMoment", firstMoment), ("secondMoment", secondMoment)]
    }

    /// One update.
    public func update(parameters: Storage<S>, gradients: Storage<S>, learningRate: Double, gradientScale: Double) {
        checkLengths("AdamW", parameters, gradients)
        stepCount += 1
        let correction = (1 - power(beta2, Double(stepCount))).squareRoot()
        let firstCorrection = 1 - power(beta1, Double(stepCount))
        let constants = groups.groups.map { group in
            let rate = learningRate * group.learningRateMultiplier
            return AdamWConstants(
                gradientScale: gradientScale, decay: 1 - rate * group.weightDecay, beta1: beta1, beta2: beta2,
                correction: correction, epsilon: epsilon, step: rate / firstCorrection)
        }
        let (p, g, m, v) = (parameters.pointer, gradients.pointer, firstMoment.pointer, secondMoment.pointer)
        groups.forEachPiece { group, range in
            let start = range.lowerBound
            S.adamW(p + start, g + start, m + start, v + start, range.count, constants[group])
        }
    }

    /// Continues from a saved state.
    public func restore(stepCount: Int, arrays: [String: [S]]) throws {
        try restoreArrays(arrays, into: stateArrays, owner: "AdamW")
        self.stepCount = stepCount
    }
}
