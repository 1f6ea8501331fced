import Tensors

/// Keeps the gradients of a step from growing beyond a norm.
public enum GradientClipping {
    /// The Euclidean norm of the gradients in some ranges of a flat buffer, such as `ParameterGroups.trainableRanges`.
    ///
    /// Sums of fixed chunks in double precision are added in order, so the result does not depend on the number of threads.
    /// It is not finite where a gradient is not.
    public static func norm<S: Scalar>(_ gradients: Storage<S>, ranges: [Range<Int>]) -> Double {
        let pieces = ranges.flatMap(cut)
        guard !pieces.isEmpty else { return 0 }
        require(
            pieces.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= gradients.count }, "GradientClipping.norm",
            "ranges \(ranges) must lie in a buffer of \(gradients.count)")
        let sums = Storage<Double>(count: pieces.count)
        let (values, partial) = (gradients.pointer, sums.pointer)
        ThreadPool.current.run(chunks: pieces.count) { i in
            partial[i] = S.sumOfSquares(values + pieces[i].lowerBound, pieces[i].count)
        }
        var sum = 0.0
        for i in 0..<pieces.count { sum += partial[i] }
        return sum.squareRoot()
    }

    /// The factor that brings gradients of that norm to at most `limit`, as PyTorch's `clip_grad_norm_`; 1 for a limit of 0,
    /// which turns clipping off.
    ///
    /// - Parameter norm: a finite norm; whoever clips checks that first.
    public static func factor(norm: Double, limit: Double) -> Double {
        limit > 0 ? min(1, limit / (norm + 1e-6)) : 1
    }
}
