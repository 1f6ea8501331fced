import Tensors

extension Operation { package static let deformableConvolution = Operation("deformableConvolution") }

extension Variable {
    /// Deformable convolution of maps: a convolution of x = self [N, H, W, in] with a weight [out, kh, kw, in / groups]
    /// and a bias [out] whose taps are moved by `offsets` [N, h, w, D kh kw 2], for each of D groups of channels and each
    /// tap down and to the right, in pixels, and are weighted by `mask` [N, h, w, D kh kw], 1 where absent -> [N, h, w,
    /// out]. Maps are read by bilinear interpolation with zeros around them. Dai et al., arXiv 1703.06211, equation 2;
    /// with a mask Zhu et al., arXiv 1811.11168, equation 1.
    ///
    /// Gradient: with p = g times the weight, p times mask and share at each corner that was read for x; the sum over the
    /// group's channels of p times the read value for the mask, and of p times mask and slope for the offsets; g^T times
    /// the patches for the weight; the sum of g over pixels for the bias. At whole pixels the slope is that towards larger
    /// places.
    public func deformableConvolution(
        _ weight: Variable, _ bias: Variable? = nil, offsets: Variable, mask: Variable? = nil, stride: Pair = 1,
        padding: Pair = 0, dilation: Pair = 1, groups: Int = 1, offsetGroups: Int = 1
    ) -> Variable {
        let name = Operation.deformableConvolution.name
        require(
            shape.rank == 4 && weight.shape.rank == 4 && groups >= 1 && weight.shape[0] % groups == 0
                && weight.shape[3] * groups == shape[3], name, [shape, weight.shape],
            "the input must be [images, height, width, in] and the weight [out, height, width, in / \(groups) groups]")
        let out = weight.shape[0]
        require(
            bias == nil || bias?.shape == [out], name, [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output channel")
        require(
            offsetGroups >= 1 && shape[3] % offsetGroups == 0, name, [shape],
            "the channels must be a multiple of the \(offsetGroups) groups of offsets")
        let window = Window(
            kernel: Pair(weight.shape[1], weight.shape[2]), stride: stride, padding: padding, dilation: dilation)
        window.check(name, on: shape)
        let size = window.outputSize(Pair(shape[1], shape[2]))
        let taps = offsetGroups * window.kernel.height * window.kernel.width
        require(
            offsets.shape == [shape[0], size.height, size.width, 2 * taps], name, [shape, offsets.shape],
            "the offsets must be [\(shape[0]), \(size.height), \(size.width), \(2 * taps)]")
        require(
            mask == nil || mask?.shape == [shape[0], size.height, size.width, taps], name,
            [shape, mask?.shape ?? []], "the mask must be [\(shape[0]), \(size.height), \(size.width), \(taps)]")
        let (x, w, places, factors) = (value, weight.value, offsets.value, mask?.value)
        let inputs = [self, weight, offsets] + (mask.map { [$0] } ?? []) + (bias.map { [$0] } ?? [])
        return Self.record(
            .deformableConvolution, inputs,
            x.deformableConvolution(
                w, bias?.value, offsets: places, mask: factors, window, groups: groups, offsetGroups: offsetGroups)
        ) { g, needs in
            let hasMask = factors != nil
            let inner =
                needs[0] || needs[2] || (hasMask && needs[3])
                ? g.deformableConvolutionInputGradients(
                    x, w, offsets: places, mask: factors, window, groups: groups, offsetGroups: offsetGroups,
                    needs: (needs[0], needs[2], hasMask && needs[3])) : nil
            var gradients = [
                inner?.x,
                needs[1]
                    ? g.deformableConvolutionWeightGradient(
                        x, weight: w.shape, offsets: places, mask: factors, window, groups: groups,
                        offsetGroups: offsetGroups) : nil,
                inner?.offsets,
            ]
            if hasMask { gradients.append(inner?.mask) }
            if needs.count > gradients.count { gradients.append(needs[gradients.count] ? g.summedRows() : nil) }
            return gradients
        }
    }
}

extension GradientCheck {
    /// Offsets keep their distance from whole pixels, where the function has kinks.
    private static func deformable(
        _ name: String, _ input: Shape, out: Int, _ kernel: Pair = 3, mask: Bool = true, bias: Bool = true,
        stride: Pair = 1, padding: Pair = 1, dilation: Pair = 1, groups: Int = 1, offsetGroups: Int = 1,
        reach: Double = 2
    ) -> GradientCheck {
        let size = Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
            .outputSize(Pair(input[1], input[2]))
        let taps = offsetGroups * kernel.height * kernel.width
        let places: Shape = [input[0], size.height, size.width, 2 * taps]
        return GradientCheck(
            "deformableConvolution" + name,
            inputs: { random in
                var operands: [Tensor<Double>] = [
                    .normal(input, from: &random),
                    .normal([out, kernel.height, kernel.width, input[3] / groups], from: &random),
                    Tensor(
                        places,
                        (0..<places.elementCount).map { _ in
                            random.uniform(-reach, reach).rounded(.down) + random.uniform(0.15, 0.85)
                        }),
                ]
                if mask { operands.append(.uniform(places.replacing(axis: 3, with: taps), 0.1, 1, from: &random)) }
                if bias { operands.append(.normal([out], from: &random)) }
                return operands
            },
            function: {
                [
                    $0[0].deformableConvolution(
                        $0[1], bias ? $0[mask ? 4 : 3] : nil, offsets: $0[2], mask: mask ? $0[3] : nil,
                        stride: stride, padding: padding, dilation: dilation, groups: groups,
                        offsetGroups: offsetGroups)
                ]
            })
    }

    static let deformableConvolution: [GradientCheck] = [
        deformable("", [2, 4, 5, 3], out: 2),
        deformable("/no mask, no bias", [1, 4, 3, 2], out: 3, mask: false, bias: false),
        deformable("/groups", [1, 4, 3, 8], out: 4, groups: 2, offsetGroups: 4),
        deformable("/more groups than of offsets", [1, 3, 4, 8], out: 4, groups: 4, offsetGroups: 2),
        deformable(
            "/uneven", [1, 6, 5, 4], out: 2, Pair(3, 2), stride: Pair(2, 1), padding: Pair(1, 2),
            dilation: Pair(1, 2), offsetGroups: 2),
        deformable("/far away", [1, 3, 3, 2], out: 2, reach: 6),
        deformable("/pointwise, stride 2", [2, 3, 4, 4], out: 2, 1, stride: 2, padding: 0, offsetGroups: 2),
        deformable("/size 1", [1, 1, 1, 1], out: 1, 1, padding: 0, reach: 0),
    ]
}
