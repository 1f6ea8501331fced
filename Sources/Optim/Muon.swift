import Tensors

/// How large an orthogonalised step is.
public enum MuonScale: String, Sendable, CaseIterable {
    /// 0.2 sqrt(the longer side): as large as AdamW's steps, so that a rate for AdamW serves; arXiv 2502.16982, equation 4.
    case matchAdamW
    /// sqrt(max(1, rows / columns)): Jordan's; rates about 0.02.
    case original

    /// The factor for a matrix.
    package func factor(rows: Int, columns: Int) -> Double {
        switch self {
        case .matchAdamW: 0.2 * Double(max(rows, columns)).squareRoot()
        case .original: max(1, Double(rows) / Double(columns)).squareRoot()
        }
    }
}

/// What holds for matrices.
public struct MuonOptions: Sendable, Equatable {
    /// How much of the momentum is kept.
    public var momentum = 0.95
    /// Whether the step is taken as if after the next one.
    public var nesterov = true
    /// How large a step is.
    public var scale = MuonScale.matchAdamW
    /// Steps of the polynomial.
    public var iterations = 5
    /// The factor on the learning rate of what AdamW updates.
    public var adamRate = 1.0

    /// The defaults.
    public init() {}
}

/// Momentum, orthogonalised, for the matrices of hidden layers; AdamW for everything else. Jordan et al. (2024), "Muon: an
/// optimizer for hidden layers in neural networks"; Liu et al., arXiv 2502.16982, for decay and scale; as `torch.optim.Muon`, but
/// with products in the parameters' own precision in place of bfloat16.
///
/// b = momentum b + (1 - momentum) g; u = b, or with Nesterov (1 - momentum) g + momentum b; O = u with its singular values
/// brought near 1 (`NewtonSchulz`); the parameter shrinks by 1 - learning rate * weight decay and moves by rate * scale * O.
/// Convolutions count as outputs by flattened inputs, each expert of a dynamic layer for itself. Vectors, biases, depthwise
/// kernels, spectra, and what the groups do not call hidden, take AdamW's step. Two arrays of state; matrices use the first.
public final class Muon<S: Scalar>: Optimizer {
    /// What is updated, and with which decay and rate.
    public let groups: ParameterGroups
    /// What holds for matrices.
    public let options: MuonOptions
    /// AdamW's.
    public let betas: (Double, Double)
    /// AdamW's.
    public let epsilon: Double
    /// The number of updates so far.
    public private(set) var stepCount = 0
    private let firstMoment: Storage<S>
    private let secondMoment: Storage<S>
    private let others: Pieces
    /// Parameters of so much work that all threads share each, and the others, one for each thread.
    private let matrices: (large: [TrainedParameter], small: [TrainedParameter])

    /// - Parameters:
    ///   - betas: of AdamW.
    ///   - epsilon: of AdamW, above 0.
    public init(
        groups: ParameterGroups, options: MuonOptions = MuonOptions(), betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8
    ) {
        require(
            (0..<1).contains(options.momentum) && (0..<1).contains(betas.0) && (0..<1).contains(betas.1)
                && S(epsilon) > 0, "Muon",
            "momentum \(options.momentum) and betas \(betas) must lie in 0..<1 and epsilon \(epsilon) above 0")
        self.groups = groups
        self.options = options
        self.betas = betas
        self.epsilon = epsilon
        firstMoment = .zeros(groups.flatCount)
        secondMoment = .zeros(groups.flatCount)
        others = Pieces(groups.parameters.filter { $0.matrices == nil }.map { (owner: $0.group, range: $0.range) })
        func isLarge(_ parameter: TrainedParameter) -> Bool {
            parameter.matrices.map { NewtonSchulz.work($0, iterations: options.iterations) > 1 << 25 } ?? false
        }
        let orthogonal = groups.parameters.filter { $0.matrices != nil }
        matrices = (orthogonal.filter(isLarge), orthogonal.filter { !isLarge($0) })
    }

    /// What an update remembers; the first array is the momentum of matrices, and AdamW's first moment of the rest.
    public var stateArrays: [(name: String, storage: Storage<S>)] {
        [("firstMoment", firstMoment), ("secondMoment", secondMoment)]
    }

    /// One update.
    public func update(parameters: Storage<S>, gradients: Storage<S>, learningRate: Double, gradientScale: Double) {
        checkLengths("Muon", parameters, gradients)
        stepCount += 1
        updateOthers(parameters, gradients, learningRate * options.adamRate, gradientScale)
        ThreadPool.current.run(chunks: matrices.small.count) { i in
            update(matrices.small[i], parameters, gradients, learningRate, gradientScale)
        }
        for parameter in matrices.large { update(parameter, parameters, gradients, learningRate, gradientScale) }
    }

    private func updateOthers(_ parameters: Storage<S>, _ gradients: Storage<S>, _ rate: Double, _ scale: Double) {
        let correction = (1 - power(betas.1, Double(stepCount))).squareRoot()
        let firstCorrection = 1 - power(betas.0, Double(stepCount))
        let constants = groups.groups.map { group in
            let rate = rate * group.learningRateMultiplier
            return AdamWConstants(
                gradientScale: scale, decay: 1 - rate * group.weightDecay, beta1: betas.0, beta2: betas.1,
                correction: correction, epsilon: epsilon, step: rate / firstCorrection)
        }
        let (p, g, m, v) = (parameters.pointer, gradients.pointer, firstMoment.pointer, secondMoment.pointer)
        others.forEachPiece { _, group, range in
            let start = range.lowerBound
            S.adamW(p + start, g + start, m + start, v + start, range.count, constants[group])
        }
    }

    private func update(
        _ parameter: TrainedParameter, _ parameters: Storage<S>, _ gradients: Storage<S>, _ learningRate: Double,
        _ scale: Double
    ) {
        guard let stack = parameter.matrices else { return }
        let start = parameter.range.lowerBound
        let (p, g, b) = (parameters.pointer + start, gradients.pointer + start, firstMoment.pointer + start)
        let direction = Storage<S>(count: parameter.range.count)
        let u = direction.pointer
        let momentum = MomentumConstants(
            gradientScale: scale, momentum: options.momentum, nesterov: options.nesterov)
        parallelFor(parameter.range.count, grain: elementGrain) {
            S.mixMomentum(g + $0.lowerBound, b + $0.lowerBound, into: u + $0.lowerBound, $0.count, momentum)
        }
        for index in 0..<stack.count {
            NewtonSchulz.orthogonalize(
                u + index * stack.size, rows: stack.rows, columns: stack.columns, iterations: options.iterations)
        }
        let group = groups.groups[parameter.group]
        let rate = learningRate * group.learningRateMultiplier
        let factor = options.scale.factor(rows: stack.rows, columns: stack.columns)
        parallelFor(parameter.range.count, grain: elementGrain) {
            S.combine(
                p + $0.lowerBound, u + $0.lowerBound, $0.count, own: 1 - rate * group.weightDecay, other: -rate * factor
            )
        }
    }

    /// Continues from a saved state.
    public func restore(stepCount: Int, arrays: [String: [S]]) throws {
        try restoreArrays(arrays, into: stateArrays, owner: "Muon")
        self.stepCount = stepCount
    }
}
