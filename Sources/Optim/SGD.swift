import Tensors

/// Gradient descent with momentum, without dampening; Nesterov's variant as Sutskever et al. (2013) write it.
///
/// Weight decay is coupled, as in PyTorch: weight decay * parameter is added to the gradient (after its scale) and goes
/// through the momentum.
public final class SGD<S: Scalar>: Optimizer {
    /// What is updated, and with which decay and rate.
    public let groups: ParameterGroups
    /// How much of the last step is kept.
    public let momentum: Double
    /// Whether the gradient is taken as if after the step.
    public let nesterov: Bool
    /// The number of updates so far.
    public private(set) var stepCount = 0
    /// Absent without momentum.
    private let buffer: Storage<S>?

    /// Plain gradient descent with a momentum of 0.
    public init(groups: ParameterGroups, momentum: Double = 0.9, nesterov: Bool = false) {
        require((0..<1).contains(momentum), "SGD", "momentum \(momentum) must lie in 0..<1")
        require(!nesterov || momentum > 0, "SGD", "Nesterov's variant needs momentum")
        self.groups = groups
        self.momentum = momentum
        self.nesterov = nesterov
        buffer = momentum > 0 ? .zeros(groups.flatCount) : nil
    }

    /// What an update remembers.
    public var stateArrays: [(name: String, storage: Storage<S>)] { buffer.map { [("momentum", $0)] } ?? [] }

    /// One update.
    public func update(parameters: Storage<S>, gradients: Storage<S>, learningRate: Double, gradientScale: Double) {
        checkLengths("SGD", parameters, gradients)
        stepCount += 1
        let constants = groups.groups.map { group in
            DescentConstants(
                gradientScale: gradientScale, decay: group.weightDecay, momentum: momentum, nesterov: nesterov,
                learningRate: learningRate * group.learningRateMultiplier)
        }
        let (p, g, b) = (parameters.pointer, gradients.pointer, buffer?.pointer)
        groups.forEachPiece { group, range in
            let start = range.lowerBound
            S.descend(p + start, g + start, b.map { $0 + start }, range.count, constants[group])
        }
    }

    /// Continues from a saved state.
    public func restore(stepCount: Int, arrays: [String: [S]]) throws {
        try restoreArrays(arrays, into: stateArrays, owner: "SGD")
        self.stepCount = stepCount
    }
}
