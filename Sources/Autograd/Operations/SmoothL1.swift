import Tensors

extension Operation { package static let smoothL1 = Operation("smoothL1") }

extension Variable {
    /// The SUM, [], over all elements of w f(x - t), x = self and t the targets, of one shape: f(d) = d^2 / (2 beta)
    /// where |d| < beta, and |d| - beta / 2 elsewhere; a beta of 0 gives |d|. Girshick, arXiv 1504.08083, equation 3.
    /// Divisors are the caller's.
    ///
    /// Gradient: g w d / beta, or g w with the sign of d; 0 at d = 0. It is computed with the loss, in one pass.
    ///
    /// - Parameter weights: one for each element, or one for each row, [.., 1] or [rows]; an element of weight 0 counts
    ///   for nothing, whatever its numbers are.
    public func smoothL1(_ targets: Tensor<S>, beta: Double, weights: Tensor<S>? = nil) -> Variable {
        let name = Operation.smoothL1.name
        require(beta >= 0 && beta.isFinite, name, [shape], "beta, \(beta), must be a number and not negative")
        requireTargets(name, targets, weights)
        let (loss, slopes) = value.smoothL1(targets, beta: beta, weights: weights, withGradient: isTracked)
        return Self.record(.smoothL1, [self], loss) { g, _ in [slopes?.scaled(by: g.item)] }
    }

    /// Stops unless targets have this shape and weights are one for each element or each row.
    func requireTargets(_ name: String, _ targets: Tensor<S>, _ weights: Tensor<S>?) {
        require(targets.shape == shape, name, [shape, targets.shape], "targets must have the shape of self")
        guard let weights else { return }
        let rows: [Shape] = [shape, [shape.rows], shape.rank > 0 ? shape.replacing(axis: -1, with: 1) : []]
        require(
            rows.contains(weights.shape), name, [shape, weights.shape],
            "weights must be one for each element or one for each row")
    }
}

extension GradientCheck {
    /// Differences on both sides of the kinks and at a distance from them.
    private static func smooth(_ name: String, _ shape: Shape, beta: Double, weights: Tensor<Double>? = nil)
        -> GradientCheck
    {
        let targets = (0..<shape.elementCount).map { Double($0 % 3) }
        return GradientCheck(
            "smoothL1" + name,
            inputs: { random in
                let differences = targets.map { _ in
                    (random.uniform(0, 1) < 0.5 ? random.uniform(0.02, beta - 0.02) : random.uniform(beta + 0.02, 3))
                        * (random.uniform(0, 1) < 0.5 ? 1 : -1)
                }
                return [Tensor(shape, zip(targets, differences).map { $0 + $1 })]
            },
            function: { [$0[0].smoothL1(Tensor(shape, targets), beta: beta, weights: weights)] })
    }

    static let smoothL1: [GradientCheck] = [
        smooth("", [5, 4], beta: 1),
        smooth("/a weight for each row", [3, 4], beta: 0.3, weights: Tensor([3, 1], [0.5, 0, 2])),
        smooth("/a weight for each element", [2, 3], beta: 0.3, weights: Tensor([2, 3], [0.5, 0, 2, 1, 3, 0.1])),
        GradientCheck("smoothL1/absolute", [[7, 4]]) {
            [$0[0].smoothL1(Tensor([7, 4], repeating: 5), beta: 0)]
        },
        smooth("/size 1", [1], beta: 1),
    ]
}
