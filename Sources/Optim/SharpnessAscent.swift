import Tensors

/// The climb of sharpness-aware minimisation: an update takes its gradients not at the weights but where, within a radius, the
/// loss is about highest.
///
/// SAM (Foret et al., arXiv 2010.01412, equation 2): e = radius g / |g|. ASAM (Kwon et al., arXiv 2102.11600):
/// e = radius T^2 g / |T g| with T = |w| + offset, element by element, so that the radius does not depend on the scale of the
/// weights; T is 1 for biases, as in the authors' code. The norms are of all trainable parameters together.
public struct SharpnessAscent: Sendable, Equatable {
    /// How far.
    public var radius: Double
    /// Whether each weight's part of the way is in proportion to its size (ASAM).
    public var isAdaptive: Bool
    /// Added to a weight's size (ASAM).
    public var offset: Double

    /// A climb of that radius.
    public init(radius: Double, isAdaptive: Bool = false, offset: Double = 0.01) {
        (self.radius, self.isAdaptive, self.offset) = (radius, isAdaptive, offset)
    }

    /// Moves the trainable parameters to where the second gradients are to be taken.
    ///
    /// - Parameter gradients: at the parameters as they are.
    /// - Returns: all values as they were, bit for bit, to be put back before the update.
    public func climb<S: Scalar>(
        _ groups: ParameterGroups, parameters: Storage<S>, gradients: Storage<S>
    ) -> Storage<S> {
        require(
            parameters.count == groups.flatCount && gradients.count == groups.flatCount, "SharpnessAscent.climb",
            "got \(parameters.count) parameters and \(gradients.count) gradients for groups over \(groups.flatCount)")
        let before = Storage<S>(count: parameters.count)
        let pieces = groups.parameterPieces
        let squares = Storage<Double>(count: pieces.pieces.count)
        let (p, g, saved, sums) = (parameters.pointer, gradients.pointer, before.pointer, squares.pointer)
        parallelFor(parameters.count, grain: elementGrain) {
            (saved + $0.lowerBound).update(from: p + $0.lowerBound, count: $0.count)
        }
        func offset(_ owner: Int) -> Double? { isAdaptive && !groups.parameters[owner].isBias ? self.offset : nil }
        pieces.forEachPiece { piece, owner, range in
            let start = range.lowerBound
            sums[piece] = S.sumOfScaledSquares(p + start, g + start, range.count, offset: offset(owner))
        }
        var sum = 0.0
        for i in 0..<pieces.pieces.count { sum += sums[i] }
        let step = radius / (sum.squareRoot() + 1e-12)
        pieces.forEachPiece { _, owner, range in
            let start = range.lowerBound
            S.ascend(p + start, g + start, range.count, step: step, offset: offset(owner))
        }
        return before
    }
}
