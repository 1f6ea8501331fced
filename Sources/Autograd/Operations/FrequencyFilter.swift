import Tensors

extension Operation { package static let frequencyFilter = Operation("frequencyFilter") }

extension Variable {
    /// The adaptive frequency filter of Huang et al., arXiv 2307.14008, equation 3: with s = rfft2(x) of maps x = self
    /// [N, H, W, C], orthonormal and over each channel,
    ///
    ///     y = x + irfft2(M s),  M = shrink(relu(s W1 + b1) W2 + b2)
    ///
    /// where W1 and W2 are complex linear maps [2, blocks, in, out], real parts first, over blocks of channels at each
    /// frequency, with offsets [2, blocks, out]; relu and `shrink`, which moves numbers towards 0 by a threshold, take real
    /// and imaginary parts by themselves. It is a circular convolution with a kernel as large as the map that the map
    /// itself makes.
    ///
    /// Gradient: with d the spectrum of g, columns that stand for two doubled, conj(M) d and what comes back through both
    /// layers from conj(s) d for s; it goes back to the map by the adjoint of rfft2. Spectra are computed again in the
    /// backward pass, which keeps nothing but x.
    public func frequencyFiltered(
        weights: (Variable, Variable), biases: (Variable, Variable), threshold: Double = 0.01
    ) -> Variable {
        let name = Operation.frequencyFilter.name
        let w = weights.0.shape
        require(
            shape.rank == 4 && shape.elementCount > 0 && w.rank == 4 && w[0] == 2 && w[2] == w[3]
                && w[1] * w[2] == shape[3] && weights.1.shape == w, name, [shape, w, weights.1.shape],
            "the operands must be maps, none empty, and two weights [2, blocks, channels of a block, the same]")
        require(
            biases.0.shape == [2, w[1], w[3]] && biases.1.shape == [2, w[1], w[3]], name,
            [w, biases.0.shape, biases.1.shape], "the offsets must be [2, \(w[1]), \(w[3])]")
        let x = value
        let layers = FrequencyLayers(
            weights: (weights.0.value, weights.1.value), biases: (biases.0.value, biases.1.value), threshold: threshold)
        return Self.record(
            .frequencyFilter, [self, weights.0, biases.0, weights.1, biases.1], x.adaptivelyFiltered(layers)
        ) { g, needs in
            let all = g.adaptivelyFilteredGradients(x, layers)
            let gradients = [all.x, all.weights.0, all.biases.0, all.weights.1, all.biases.1]
            return zip(gradients, needs).map { $1 ? $0 : nil }
        }
    }
}

extension GradientCheck {
    /// Offsets are so large that no number comes near the kinks of relu and of the shrinkage, on either side of them.
    private static func frequency(_ name: String, _ input: Shape, blocks: Int) -> GradientCheck {
        let side = input[3] / blocks
        let (weight, bias): (Shape, Shape) = ([2, blocks, side, side], [2, blocks, side])
        return GradientCheck(
            "frequencyFilter" + name,
            inputs: { random in
                func offsets() -> Tensor<Double> {
                    Tensor(bias, (0..<bias.elementCount).map { ($0 % 3 == 1 ? -5 : 5) + 0.2 * random.normal() })
                }
                let x = Tensor<Double>.normal(input, from: &random)
                let first = Tensor<Double>.normal(weight, deviation: 0.2, from: &random)
                let second = Tensor<Double>.normal(weight, deviation: 0.05, from: &random)
                return [x, first, offsets(), second, offsets()]
            },
            function: { [$0[0].frequencyFiltered(weights: ($0[1], $0[3]), biases: ($0[2], $0[4]))] })
    }

    static let frequencyFilter: [GradientCheck] = [
        frequency("/even", [2, 4, 4, 4], blocks: 2), frequency("/odd", [2, 3, 5, 3], blocks: 1),
        frequency("/odd width, even height", [1, 4, 3, 2], blocks: 2),
        frequency("/size 1", [2, 1, 1, 2], blocks: 1), frequency("/one column", [1, 5, 1, 2], blocks: 1),
    ]
}
