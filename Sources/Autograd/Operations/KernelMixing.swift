import Tensors

extension Operation { package static let mixedConvolution = Operation("mixedConvolution") }

extension Variable {
    /// Convolution of maps x = self [N, H, W, in], each with a kernel of its own that is mixed of K experts
    /// [K, out, kh, kw, in / groups]: the kernel of map n is
    ///
    ///     W_n[o, t, c] = outputs[n, o] inputs[n, c] taps[n, t] sum over k of weights[n, k] experts[k, o, t, c]
    ///
    /// with weights [N, K] and, where they are given, factors for each tap [N, kh kw], each input channel [N, in] and each
    /// output channel [N, out]; a bias [N, out] is added -> [N, H', W', out]. With weights alone these are CondConv
    /// (Yang et al., arXiv 1904.04971, equation 2) and DyConv (Chen et al., arXiv 1912.03458, equation 3), with all of them
    /// ODConv (Li et al., ICLR 2022, equation 3, the factors shared by all experts). Kernels are mixed for a few maps at a
    /// time and never kept.
    ///
    /// Gradient: with h that of a map's kernel, the sum over maps of h times factors and weight for an expert; the sum of h
    /// times all else that it is multiplied with for a weight or a factor; for x and the bias as `convolution`.
    public func convolution(
        experts: Variable, weights: Variable, taps: Variable? = nil, inputs: Variable? = nil,
        outputs: Variable? = nil, _ bias: Variable? = nil, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1,
        groups: Int = 1
    ) -> Variable {
        let name = Operation.mixedConvolution.name
        require(
            shape.rank == 4 && experts.shape.rank == 5 && groups >= 1 && experts.shape[1] % groups == 0
                && weights.shape == [shape[0], experts.shape[0]], name, [shape, experts.shape, weights.shape],
            "the operands must be maps, experts [K, out, height, width, in / \(groups) groups] and weights [images, K]")
        let kernel = Pair(experts.shape[2], experts.shape[3])
        for (factors, count) in [
            (taps, kernel.height * kernel.width), (inputs, shape[3]), (outputs, experts.shape[1]),
        ] {
            require(
                factors == nil || factors?.shape == [shape[0], count], name, [experts.shape, factors?.shape ?? []],
                "factors must be [images, \(count)] here")
        }
        let (e, w, t, i, o) = (experts.value, weights.value, taps?.value, inputs?.value, outputs?.value)
        let given = [true, true, t != nil, i != nil, o != nil]
        return convolvedBySample(
            .mixedConvolution, [experts, weights] + [taps, inputs, outputs].compactMap { $0 }, bias,
            Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation), groups: groups,
            kernels: { needs -> MixedKernels<S> in
                MixedKernels(e, weights: w, taps: t, inputs: i, outputs: o, groups: groups, needsGradients: needs)
            },
            collected: { (taken: MixedKernels<S>) in
                zip(taken.collected(), given).filter { $0.1 }.map { $0.0 }
            })
    }
}

extension GradientCheck {
    private static func mixed(
        _ name: String, _ input: Shape, experts: Int, out: Int, _ kernel: Pair, taps: Bool = false,
        inputs: Bool = false, outputs: Bool = false, bias: Bool = false, stride: Pair = 1, padding: Pair = 0,
        groups: Int = 1
    ) -> GradientCheck {
        let samples = input[0]
        let factors: [Shape?] = [
            taps ? [samples, kernel.height * kernel.width] : nil, inputs ? [samples, input[3]] : nil,
            outputs ? [samples, out] : nil, bias ? [samples, out] : nil,
        ]
        let shapes: [Shape] = [
            input, [experts, out, kernel.height, kernel.width, input[3] / groups], [samples, experts],
        ]
        return GradientCheck("mixedConvolution" + name, shapes + factors.compactMap { $0 }) { operands in
            var rest = operands.dropFirst(3)
            let given = factors.map { $0 == nil ? nil : rest.removeFirst() }
            return [
                operands[0].convolution(
                    experts: operands[1], weights: operands[2], taps: given[0], inputs: given[1], outputs: given[2],
                    given[3], stride: stride, padding: padding, groups: groups)
            ]
        }
    }

    static let kernelMixing: [GradientCheck] = [
        mixed("", [3, 4, 5, 3], experts: 4, out: 4, 3, padding: 1),
        mixed("/bias, five experts", [2, 4, 4, 2], experts: 5, out: 3, 3, bias: true, stride: 2, padding: 1),
        mixed("/taps", [2, 4, 3, 2], experts: 2, out: 2, Pair(3, 2), taps: true, padding: 1),
        mixed("/inputs, groups", [2, 3, 4, 4], experts: 3, out: 6, 3, inputs: true, padding: 1, groups: 2),
        mixed("/outputs", [2, 3, 4, 2], experts: 2, out: 3, 1, outputs: true),
        mixed(
            "/all factors", [3, 4, 5, 4], experts: 4, out: 6, 3, taps: true, inputs: true, outputs: true, bias: true,
            stride: 2, padding: 1, groups: 2),
        mixed(
            "/one channel per group", [2, 4, 4, 3], experts: 2, out: 3, 3, taps: true, inputs: true, padding: 1,
            groups: 3),
        mixed("/size 1", [1, 1, 1, 1], experts: 1, out: 1, 1, taps: true, inputs: true, outputs: true),
    ]
}
