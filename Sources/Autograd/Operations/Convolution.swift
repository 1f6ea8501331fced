import Tensors

extension Operation { package static let convolution = Operation("convolution") }

extension Variable {
    /// Convolution of maps: x [N, H, W, in], weight [out, kh, kw, in / groups], bias [out] -> [N, H', W', out], sizes
    /// rounded down, zeros around the map.
    ///
    /// Gradient: g times the weight, added where each patch was read, for x; g^T times the patches for the weight; the
    /// sum of g over pixels for the bias. Patches are made block by block, in the backward pass once more.
    ///
    /// - Parameter flipped: whether the kernel is turned by half a circle, which is what mathematics calls a convolution;
    ///   without it this is the cross-correlation that networks call by that name.
    public func convolution(
        _ weight: Variable, _ bias: Variable?, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1,
        groups: Int = 1, flipped: Bool = false
    ) -> Variable {
        let name = Operation.convolution.name
        require(
            shape.rank == 4 && weight.shape.rank == 4 && groups >= 1 && weight.shape[0] % groups == 0
                && weight.shape[3] * groups == shape[3], name, [shape, weight.shape],
            "the input must be [images, height, width, in] and the weight [out, height, width, in / \(groups) groups]")
        let out = weight.shape[0]
        require(
            bias == nil || bias?.shape == [out], name, [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output channel")
        let window = Window(
            kernel: Pair(weight.shape[1], weight.shape[2]), stride: stride, padding: padding, dilation: dilation)
        window.check(name, on: shape)
        if flipped {
            return convolution(
                weight.flippedTaps(), bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
        }
        if groups == shape[3] && out == groups && dilation == 1 { return convolvedByChannel(weight, bias, window) }
        let (input, w) = (shape, weight.value)
        let x = weight.isTracked ? kept : nil
        return Self.record(
            .convolution, [self, weight] + (bias.map { [$0] } ?? []),
            value.groupedConvolution(w, bias?.value, window, groups: groups)
        ) { g, needs in
            var gradients = [
                needs[0] ? g.groupedConvolutionInputGradient(w, window, input: input, groups: groups) : nil,
                x.map { g.groupedConvolutionWeightGradient($0.tensor, window, weight: w.shape, groups: groups) },
            ]
            if needs.count > 2 { gradients.append(needs[2] ? g.summedRows() : nil) }
            return gradients
        }
    }

    /// One channel per group: the depthwise kernels, whose weight has the channels last.
    private func convolvedByChannel(_ weight: Variable, _ bias: Variable?, _ window: Window) -> Variable {
        let (x, old) = (value, weight.shape)
        let channels = old[0]
        let w = weight.value.transposedToColumns([old[1], old[2], channels], rows: channels)
        return Self.record(
            .convolution, [self, weight] + (bias.map { [$0] } ?? []), x.depthwiseConvolution(w, bias?.value, window)
        ) { g, needs in
            let sums = needs.dropFirst().contains(true) ? g.depthwiseWeightGradient(x, window) : nil
            let dx = needs[0] ? g.depthwiseInputGradient(w, window, input: x.shape) : nil
            let dw = sums?.weight.transposedToColumns(old, rows: old[1] * old[2])
            return [dx, dw] + (needs.count > 2 ? [sums?.bias] : [])
        }
    }
}

extension GradientCheck {
    private static func convolution(
        _ name: String, _ input: Shape, out: Int, _ kernel: Pair, bias: Bool = true, stride: Pair = 1,
        padding: Pair = 0, dilation: Pair = 1, groups: Int = 1
    ) -> GradientCheck {
        let shapes: [Shape] =
            [input, [out, kernel.height, kernel.width, input[3] / groups]] + (bias ? [[out]] : [])
        return GradientCheck("convolution" + name, shapes) {
            [
                $0[0].convolution(
                    $0[1], bias ? $0[2] : nil, stride: stride, padding: padding, dilation: dilation, groups: groups)
            ]
        }
    }

    static let convolution: [GradientCheck] = [
        convolution("", [2, 4, 5, 3], out: 4, 3, padding: 1),
        convolution("/no bias", [1, 4, 3, 2], out: 3, 2, bias: false),
        convolution("/kernel equals stride", [2, 4, 6, 2], out: 3, 2, stride: 2),
        convolution("/kernel equals stride, pixels left over", [1, 5, 7, 2], out: 2, 3, stride: 3),
        convolution("/stride 2", [2, 5, 6, 2], out: 3, 3, stride: 2, padding: 1),
        convolution("/uneven", [1, 6, 5, 2], out: 2, Pair(3, 2), stride: Pair(1, 2), padding: Pair(2, 0)),
        convolution("/dilation 2", [1, 6, 7, 2], out: 2, 3, padding: 2, dilation: 2),
        convolution("/groups", [2, 4, 4, 6], out: 4, 3, padding: 1, groups: 2),
        convolution("/pointwise", [2, 2, 3, 4], out: 3, 1),
        convolution("/pointwise, groups", [2, 2, 3, 4], out: 6, 1, groups: 2),
        convolution("/pointwise, stride 2", [1, 3, 4, 2], out: 3, 1, stride: 2),
        convolution("/size 1", [1, 1, 1, 1], out: 1, 1),
        convolution("/one channel per group", [2, 4, 5, 3], out: 3, 3, stride: 2, padding: 1, groups: 3),
        convolution("/one channel per group, even kernel", [1, 4, 3, 2], out: 2, 2, padding: 1, groups: 2),
        convolution("/one channel per group, dilation 2", [1, 6, 5, 2], out: 2, 3, padding: 2, dilation: 2, groups: 2),
        convolution("/grouped, stride 2 with a rest", [1, 6, 5, 4], out: 6, 3, stride: 2, padding: 1, groups: 2),
        convolution("/several outputs per channel", [1, 3, 4, 2], out: 4, 3, padding: 1, groups: 2),
    ]
}
