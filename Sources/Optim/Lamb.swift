import Tensors

/// Adam with a trust ratio for each parameter; You et al., arXiv 1904.00962, algorithm 2, for large batches.
///
/// The direction r = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weight decay * parameter is AdamW's; the parameter
/// moves by rate * |parameter| / |r| * r. As in NVIDIA's and timm's versions the ratio is 1 for parameters that are not
/// decayed (biases, gains) and where either norm is 0. Norms are sums of fixed chunks in double precision. Two arrays of state,
/// and a third one while an update is made.
public final class Lamb<S: Scalar>: Optimizer {
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

    /// - Parameter epsilon: above 0, so that a parameter without gradient stays.
    public init(groups: ParameterGroups, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-6) {
        require(
            (0..<1).contains(betas.0) && (0..<1).contains(betas.1) && S(epsilon) > 0, "Lamb",
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
        checkLengths("Lamb", parameters, gradients)
        stepCount += 1
        let correction = (1 - power(beta2, Double(stepCount))).squareRoot()
        let firstCorrection = 1 - power(beta1, Double(stepCount))
        let constants = groups.groups.map { group in
            AdamWConstants(
                gradientScale: gradientScale, decay: group.weightDecay, beta1: beta1, beta2: beta2,
                correction: correction, epsilon: epsilon, step: 1 / firstCorrection)
        }
        let pieces = groups.parameterPieces
        let directions = Storage<S>(count: groups.flatCount)
        let squares = Storage<Double>(count: 2 * pieces.pieces.count)
        let (p, g, m, v) = (parameters.pointer, gradients.pointer, firstMoment.pointer, secondMoment.pointer)
        let (r, sums) = (directions.pointer, squares.pointer)
        pieces.forEachPiece { piece, owner, range in
            let (start, count) = (range.lowerBound, range.count)
            S.adamDirection(
                p + start, g + start, m + start, v + start, into: r + start, count,
                constants[groups.parameters[owner].group])
            sums[2 * piece] = S.sumOfSquares(p + start, count)
            sums[2 * piece + 1] = S.sumOfSquares(r + start, count)
        }
        let steps = zip(groups.parameters, ratios(sums)).map { parameter, ratio in
            let rate = learningRate * groups.groups[parameter.group].learningRateMultiplier
            return DescentConstants(
                gradientScale: 1, decay: 0, momentum: 0, nesterov: false, learningRate: rate * ratio)
        }
        pieces.forEachPiece { _, owner, range in
            S.descend(p + range.lowerBound, r + range.lowerBound, nil, range.count, steps[owner])
        }
    }

    /// |parameter| / |direction| of each parameter, from the sums of squares of its pieces in order.
    private func ratios(_ sums: UnsafePointer<Double>) -> [Double] {
        var totals = [(parameter: Double, direction: Double)](repeating: (0, 0), count: groups.parameters.count)
        for (index, piece) in groups.parameterPieces.pieces.enumerated() {
            totals[piece.owner].parameter += sums[2 * index]
            totals[piece.owner].direction += sums[2 * index + 1]
        }
        return zip(groups.parameters, totals).map { parameter, total in
            guard parameter.isDecayed, total.parameter > 0, total.direction > 0 else { return 1 }
            return (total.parameter / total.direction).squareRoot()
        }
    }

    /// Continues from a saved state.
    public func restore(stepCount: Int, arrays: [String: [S]]) throws {
        try restoreArrays(arrays, into: stateArrays, owner: "Lamb")
        self.stepCount = stepCount
    }
}
