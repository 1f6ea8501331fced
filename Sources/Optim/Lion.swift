import Tensors

/// Evolved sign momentum; Chen et al., arXiv 2302.06675, algorithm 2.
///
/// The parameter shrinks by 1 - learning rate * weight decay and moves by rate * sign(beta1 m + (1 - beta1) g); then
/// m = beta2 m + (1 - beta2) g. Every element moves by the same amount, so the rate is 3 to 10 times smaller than AdamW's, and
/// the decay as many times larger. One array of state.
public final class Lion<S: Scalar>: Optimizer {
    /// What is updated, and with which decay and rate.
    public let groups: ParameterGroups
    /// How much of the momentum is in a step.
    public let beta1: Double
    /// How much of the momentum is kept.
    public let beta2: Double
    /// The number of updates so far.
    public private(set) var stepCount = 0
    private let momentum: Storage<S>

    /// An optimizer without momentum yet.
    public init(groups: ParameterGroups, betas: (Double, Double) = (0.9, 0.99)) {
        require(
            (0..<1).contains(betas.0) && (0..<1).contains(betas.1), "Lion", "betas \(betas) must lie in 0..<1")
        self.groups = groups
        (beta1, beta2) = betas
        momentum = .zeros(groups.flatCount)
    }

    /// What an update remembers.
    public var stateArrays: [(name: String, storage: Storage<S>)] { [("momentum", momentum)] }

    /// One update.
    public func update(parameters: Storage<S>, gradients: Storage<S>, learningRate: Double, gradientScale: Double) {
        checkLengths("Lion", parameters, gradients)
        stepCount += 1
        let constants = groups.groups.map { group in
            let rate = learningRate * group.learningRateMultiplier
            return LionConstants(
                gradientScale: gradientScale, decay: 1 - rate * group.weightDecay, beta1: beta1, beta2: beta2,
                rate: rate)
        }
        let (p, g, m) = (parameters.pointer, gradients.pointer, momentum.pointer)
        groups.forEachPiece { group, range in
            let start = range.lowerBound
            S.lion(p + start, g + start, m + start, range.count, constants[group])
        }
    }

    /// Continues from a saved state.
    public func restore(stepCount: Int, arrays: [String: [S]]) throws {
        try restoreArrays(arrays, into: stateArrays, owner: "Lion")
        self.stepCount = stepCount
    }
}
