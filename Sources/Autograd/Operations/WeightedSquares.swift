import Tensors

extension Operation { package static let weightedSquares = Operation("weightedSquares") }

extension Variable {
    /// The SUM, [], over images, positions and channels of w v (x - target)^2, x = self and the target both [N, .., C], w
    /// the weights of an image's P positions [N, P] and v those of its channels [N, C]. Only x gets a gradient. Divisors
    /// are the caller's. The focal term of FGD, Yang et al., arXiv 2111.11837, equation 7.
    ///
    /// Gradient: 2 g w v (x - target).
    public func weightedSquares(_ target: Tensor<S>, positions: Tensor<S>, channels: Tensor<S>) -> Variable {
        let name = Operation.weightedSquares.name
        require(
            shape.rank >= 2 && target.shape == shape && shape.elementCount > 0, name, [shape, target.shape],
            "self and the target must both be [N, .., C] and not empty")
        require(
            channels.shape == [shape[0], shape.columns] && positions.shape == [shape[0], shape.rows / shape[0]], name,
            [shape, positions.shape, channels.shape],
            "weights must be one for each position, [N, P], and one for each channel, [N, C]")
        let x = value
        let sum = x.weightedSquares(target, positions: positions, channels: channels)
        return Self.record(.weightedSquares, [self], sum) { g, _ in
            [x.weightedSquaresGradient(target, positions: positions, channels: channels, scale: g.item)]
        }
    }
}

extension GradientCheck {
    private static func check(_ name: String, _ shape: Shape) -> GradientCheck {
        let (images, positions) = (shape[0], shape.rows / shape[0])
        func numbers(_ shape: Shape, _ period: Int) -> Tensor<Double> {
            Tensor(shape, (0..<shape.elementCount).map { Double($0 % period) / 2 })
        }
        let (target, places) = (numbers(shape, 5), numbers([images, positions], 3))
        let channels = numbers([images, shape.columns], 4)
        return GradientCheck("weightedSquares" + name, [shape]) {
            [$0[0].weightedSquares(target, positions: places, channels: channels)]
        }
    }

    static let weightedSquares: [GradientCheck] = [
        check("", [2, 3, 4, 5]), check("/one position", [3, 4]), check("/one channel, one image", [1, 5, 1]),
    ]
}
