import Tensors

extension Operation { package static let volumeConvolution = Operation("volumeConvolution") }

extension Variable {
    /// Convolution of volumes: x [N, D, H, W, in], weight [out, kd, kh, kw, in / groups], bias [out] ->
    /// [N, D', H', W', out], sizes rounded down, zeros around the volume. The kernel slides along three axes, so that the
    /// result has slices again.
    ///
    /// Gradient: the products of g with the taps that met each element, for x; g^T times what was under the windows for the
    /// weight; the sum of g over all positions for the bias.
    ///
    /// - Parameter flipped: whether the kernel is turned about its middle, as in `convolution`.
    public func volumeConvolution(
        _ weight: Variable, _ bias: Variable?, stride: Triple = 1, padding: Triple = 0, dilation: Triple = 1,
        groups: Int = 1, flipped: Bool = false
    ) -> Variable {
        let name = Operation.volumeConvolution.name
        require(
            shape.rank == 5 && weight.shape.rank == 5 && groups >= 1 && weight.shape[0] % groups == 0
                && weight.shape[4] * groups == shape[4], name, [shape, weight.shape],
            "the input must be [volumes, depth, height, width, in] and the weight [out, depth, height, width, in / \(groups) groups]"
        )
        require(
            bias == nil || bias?.shape == [weight.shape[0]], name, [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output channel")
        let window = VolumeWindow(
            kernel: Triple(weight.shape[1], weight.shape[2], weight.shape[3]), stride: stride, padding: padding,
            dilation: dilation)
        window.check(name, on: shape)
        if flipped {
            return volumeConvolution(
                weight.flippedTaps(), bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
        }
        let (x, w) = (value, weight.value)
        return Self.record(
            .volumeConvolution, [self, weight] + (bias.map { [$0] } ?? []),
            x.volumeConvolution(w, bias?.value, window, groups: groups)
        ) { g, needs in
            var gradients = [
                needs[0] ? g.volumeConvolutionInputGradient(w, window, input: x.shape, groups: groups) : nil,
                needs[1] ? g.volumeConvolutionWeightGradient(x, window, weight: w.shape, groups: groups) : nil,
            ]
            if needs.count > 2 { gradients.append(needs[2] ? g.summedRows() : nil) }
            return gradients
        }
    }
}

extension GradientCheck {
    private static func volumes(
        _ name: String, _ input: Shape, out: Int, _ kernel: Triple, bias: Bool = true, stride: Triple = 1,
        padding: Triple = 0, dilation: Triple = 1, groups: Int = 1, flipped: Bool = false
    ) -> GradientCheck {
        let weight = Shape([out] + kernel.numbers + [input[4] / groups])
        return GradientCheck("volumeConvolution" + name, [input, weight] + (bias ? [[out]] : [])) {
            [
                $0[0].volumeConvolution(
                    $0[1], bias ? $0[2] : nil, stride: stride, padding: padding, dilation: dilation, groups: groups,
                    flipped: flipped)
            ]
        }
    }

    static let volumeConvolution: [GradientCheck] = [
        volumes("", [2, 3, 2, 3, 2], out: 3, 3, padding: 1),
        volumes("/no bias, flipped", [1, 2, 3, 2, 2], out: 2, 2, bias: false, flipped: true),
        volumes("/stride 2 with a rest", [1, 4, 5, 4, 1], out: 2, 3, stride: 2, padding: 1),
        volumes(
            "/uneven", [1, 4, 5, 6, 2], out: 3, Triple(3, 2, 3), stride: Triple(2, 1, 3), padding: Triple(1, 0, 1)),
        volumes(
            "/groups, dilation", [1, 4, 4, 5, 4], out: 2, Triple(3, 3, 2), bias: false, stride: Triple(1, 2, 1),
            padding: Triple(2, 1, 0), dilation: Triple(2, 1, 3), groups: 2),
        volumes("/one channel per group", [1, 2, 3, 3, 3], out: 6, 3, padding: 1, groups: 3),
        volumes("/flat kernel", [2, 2, 3, 4, 2], out: 2, Triple(1, 3, 3), padding: Triple(0, 1, 1)),
        volumes("/slices alone", [1, 4, 2, 2, 2], out: 3, Triple(3, 1, 1), padding: Triple(1, 0, 0)),
        volumes("/pointwise, stride 2", [1, 3, 4, 2, 2], out: 3, 1, stride: 2),
        volumes("/padding beyond the kernel", [1, 1, 2, 2, 1], out: 1, 2, padding: 3),
        volumes("/size 1", [1, 1, 1, 1, 1], out: 1, 1),
    ]
}
