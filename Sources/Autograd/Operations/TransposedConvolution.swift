import Tensors

extension Operation { package static let transposedConvolution = Operation("transposedConvolution") }

extension Variable {
    /// Transposed convolution of maps: x = self [N, H, W, in], weight [in, kh, kw, out / groups], bias [out] ->
    /// [N, H', W', out] with H' = (H - 1) stride - 2 padding + dilation (kh - 1) + outputPadding + 1 and W' alike. Each
    /// pixel times the weight is added to the window of the result that an ordinary convolution of the same weight would
    /// read it from. Dumoulin and Visin, arXiv 1603.07285, section 4.
    ///
    /// Gradient: the ordinary convolution of g for x; the products of x with the patches of g for the weight; the sum of
    /// g over pixels for the bias.
    ///
    /// - Parameter outputPadding: rows below and columns to the right that are added to the result; smaller than the
    ///   stride or the dilation.
    public func transposedConvolution(
        _ weight: Variable, _ bias: Variable?, stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0,
        dilation: Pair = 1, groups: Int = 1
    ) -> Variable {
        let name = Operation.transposedConvolution.name
        require(
            shape.rank == 4 && shape.dimensions.dropFirst().allSatisfy { $0 > 0 } && weight.shape.rank == 4
                && weight.shape.elementCount > 0 && groups >= 1 && weight.shape[0] == shape[3]
                && shape[3] % groups == 0, name, [shape, weight.shape],
            "the input must be [images, height, width, in], the weight [in, height, width, out / \(groups) groups] and the groups divide in"
        )
        let out = weight.shape[3] * groups
        require(
            bias == nil || bias?.shape == [out], name, [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output channel")
        let window = Window(
            kernel: Pair(weight.shape[1], weight.shape[2]), stride: stride, padding: padding, dilation: dilation)
        func extent(_ size: Int, _ axis: KeyPath<Pair, Int>) -> Int {
            (size - 1) * stride[keyPath: axis] - 2 * padding[keyPath: axis]
                + dilation[keyPath: axis] * (window.kernel[keyPath: axis] - 1) + outputPadding[keyPath: axis] + 1
        }
        let output: Shape = [shape[0], extent(shape[1], \.height), extent(shape[2], \.width), out]
        require(
            [\Pair.height, \Pair.width].allSatisfy { axis in
                let added = outputPadding[keyPath: axis]
                return added >= 0 && added < max(stride[keyPath: axis], dilation[keyPath: axis])
            }, name, [shape, weight.shape],
            "the output padding \(outputPadding) must be smaller than the stride \(stride) or the dilation \(dilation)")
        require(
            output[1] >= 1 && output[2] >= 1, name, [shape, weight.shape],
            "the padding \(padding) leaves nothing of the result")
        window.check(name, on: output)
        let (x, w) = (value, weight.value)
        return Self.record(
            .transposedConvolution, [self, weight] + (bias.map { [$0] } ?? []),
            x.transposedConvolution(w, bias?.value, window, output: output, groups: groups)
        ) { g, needs in
            var gradients = [
                needs[0] ? g.transposedConvolutionInputGradient(w, window, input: x.shape, groups: groups) : nil,
                needs[1] ? g.transposedConvolutionWeightGradient(x, window, weight: w.shape, groups: groups) : nil,
            ]
            if needs.count > 2 { gradients.append(needs[2] ? g.summedRows() : nil) }
            return gradients
        }
    }
}

extension GradientCheck {
    private static func transposed(
        _ name: String, _ input: Shape, out: Int, _ kernel: Pair, bias: Bool = true, stride: Pair = 1,
        padding: Pair = 0, outputPadding: Pair = 0, dilation: Pair = 1, groups: Int = 1
    ) -> GradientCheck {
        let shapes: [Shape] =
            [input, [input[3], kernel.height, kernel.width, out / groups]] + (bias ? [[out]] : [])
        return GradientCheck("transposedConvolution" + name, shapes) {
            [
                $0[0].transposedConvolution(
                    $0[1], bias ? $0[2] : nil, stride: stride, padding: padding, outputPadding: outputPadding,
                    dilation: dilation, groups: groups)
            ]
        }
    }

    static let transposedConvolution: [GradientCheck] = [
        transposed("", [2, 3, 4, 3], out: 2, 3, padding: 1),
        transposed("/no bias", [1, 2, 3, 2], out: 3, 2, bias: false),
        transposed("/kernel equals stride", [2, 3, 2, 4], out: 3, 2, stride: 2),
        transposed("/kernel equals stride, uneven", [1, 2, 3, 2], out: 2, Pair(3, 1), stride: Pair(3, 1)),
        transposed("/kernel equals stride, output padding", [1, 2, 2, 2], out: 2, 2, stride: 2, outputPadding: 1),
        transposed("/kernel equals stride, groups", [1, 2, 2, 4], out: 2, 2, stride: 2, groups: 2),
        transposed("/stride 2", [2, 3, 2, 2], out: 3, 3, stride: 2, padding: 1, outputPadding: 1),
        transposed("/uneven", [1, 3, 2, 2], out: 2, Pair(3, 4), stride: Pair(1, 3), padding: Pair(0, 2)),
        transposed("/groups", [1, 3, 3, 6], out: 4, 3, stride: 2, groups: 2),
        transposed(
            "/dilation beyond the stride", [1, 3, 3, 2], out: 2, 3, stride: Pair(1, 2), padding: Pair(2, 1),
            outputPadding: Pair(1, 2), dilation: Pair(2, 3)),
        transposed("/pointwise", [2, 2, 3, 3], out: 2, 1),
        transposed("/one channel per group", [1, 3, 2, 3], out: 3, 4, stride: 2, padding: 1, groups: 3),
        transposed("/size 1", [1, 1, 1, 1], out: 1, 1),
    ]
}
