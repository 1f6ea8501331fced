import Tensors

extension Operation { package static let recursiveGate = Operation("recursiveGate") }

extension Variable {
    /// The recursive gate of gnConv (HorNet, arXiv 2207.14284, equations 3-5): with q = scale gates, split into widths
    /// d_0 ... d_{n-1}, x_0 = p q_0 and x_{k+1} = (x_k W_k^T + b_k) q_{k+1}; the result is x_{n-1}.
    ///
    /// Gradient: back through the chain, which is computed again from p and the gates block by block; only the operands
    /// are kept.
    ///
    /// - Parameters:
    ///   - p: [.., d_0].
    ///   - gates: [.., d_0 + ... + d_{n-1}], not yet scaled.
    ///   - weights: [d_{k+1}, d_k] for k = 0 ..< n - 1; none for order 1.
    ///   - biases: [d_{k+1}].
    /// - Returns: [.., d_{n-1}].
    public static func recursiveGate(
        _ p: Variable, _ gates: Variable, weights: [Variable], biases: [Variable], scale: Double
    ) -> Variable {
        let operands = [p, gates] + weights + biases
        require(
            weights.count == biases.count, "recursiveGate", operands.map(\.shape), "each weight must have its bias")
        var widths = [p.shape.columns]
        for (weight, bias) in zip(weights, biases) {
            require(
                weight.shape.rank == 2 && weight.shape[1] == widths[widths.count - 1]
                    && bias.shape == [weight.shape[0]],
                "recursiveGate", operands.map(\.shape), "weight k must be [d_{k+1}, d_k] and bias k [d_{k+1}]")
            widths.append(weight.shape[0])
        }
        require(
            p.shape.rank >= 1 && gates.shape == p.shape.replacing(axis: -1, with: widths.reduce(0, +)),
            "recursiveGate", operands.map(\.shape), "the gates must have as many rows as p and \(widths) columns")
        let (x, q, w, b, s) = (p.value, gates.value, weights.map(\.value), biases.map(\.value), S(scale))
        return Self.record(
            .recursiveGate, operands, Tensor.recursiveGate(x, q, weights: w, biases: b, scale: s)
        ) { g, _ in
            g.recursiveGateGradients(x, q, weights: w, biases: b, scale: s)
        }
    }
}

extension GradientCheck {
    static let recursiveGate: [GradientCheck] = [
        ("order 1", [5], [2, 3]), ("order 2", [2, 4], [3, 2]), ("order 3", [2, 4, 8], [2, 1, 2]),
        ("order 4, odd widths", [1, 3, 2, 5], [3]), ("order 5", [1, 2, 4, 8, 16], [2]), ("size 1", [1, 1], [1, 1]),
    ].map { name, widths, leading in
        let pairs = zip(widths, widths.dropFirst())
        let shapes: [Shape] =
            [Shape(leading + [widths[0]]), Shape(leading + [widths.reduce(0, +)])] + pairs.map { [$1, $0] }
            + pairs.map { [$1] }
        let count = widths.count - 1
        return GradientCheck("recursiveGate/" + name, shapes) { x in
            [
                .recursiveGate(
                    x[0], x[1], weights: Array(x[2..<2 + count]), biases: Array(x[(2 + count)...]), scale: 1.0 / 3)
            ]
        }
    }
}
