import Tensors

// No kernel: the loops are those of `TransposedConvolution.swift`.

extension Operation { package static let volumeTransposedConvolution = Operation("volumeTransposedConvolution") }

extension Variable {
    /// Transposed convolution of volumes: x = self [N, D, H, W, in], weight [in, kd, kh, kw, out / groups], bias [out] ->
    /// [N, D', H', W', out] with D' = (D - 1) stride - 2 padding + dilation (kd - 1) + outputPadding + 1 and the others
    /// alike. Each element times the weight is added to the window of the result that an ordinary convolution of the same
    /// weight would read it from.
    ///
    /// Gradient: the ordinary convolution of g for x; the products of x with what is under the windows of g for the weight;
    /// the sum of g over all positions for the bias.
    ///
    /// - Parameter outputPadding: what is added to the far end of each axis of the result; smaller than the stride or the
    ///   dilation.
    public func volumeTransposedConvolution(
        _ weight: Variable, _ bias: Variable?, stride: Triple = 1, padding: Triple = 0, outputPadding: Triple = 0,
        dilation: Triple = 1, groups: Int = 1
    ) -> Variable {
        let name = Operation.volumeTransposedConvolution.name
        require(
            shape.rank == 5 && shape.dimensions.dropFirst().allSatisfy { $0 > 0 } && weight.shape.rank == 5
                && weight.shape.elementCount > 0 && groups >= 1 && weight.shape[0] == shape[4]
                && shape[4] % groups == 0, name, [shape, weight.shape],
            "the input must be [volumes, depth, height, width, in], the weight [in, depth, height, width, out / \(groups) groups] and the groups divide in"
        )
        let out = weight.shape[4] * groups
        require(
            bias == nil || bias?.shape == [out], name, [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output channel")
        let window = VolumeWindow(
            kernel: Triple(weight.shape[1], weight.shape[2], weight.shape[3]), stride: stride, padding: padding,
            dilation: dilation)
        let axes: [KeyPath<Triple, Int>] = [\.depth, \.height, \.width]
        require(
            axes.allSatisfy { axis in
                let added = outputPadding[keyPath: axis]
                return added >= 0 && added < max(stride[keyPath: axis], dilation[keyPath: axis])
            }, name, [shape, weight.shape],
            "the output padding \(outputPadding) must be smaller than the stride \(stride) or the dilation \(dilation)")
        let extents = axes.enumerated().map { number, axis in
            (shape[number + 1] - 1) * stride[keyPath: axis] - 2 * padding[keyPath: axis]
                + dilation[keyPath: axis] * (window.kernel[keyPath: axis] - 1) + outputPadding[keyPath: axis] + 1
        }
        require(
            extents.allSatisfy { $0 >= 1 }, name, [shape, weight.shape],
            "the padding \(padding) leaves nothing of the result")
        let output = Shape([shape[0]] + extents + [out])
        window.check(name, on: output)
        let (x, w) = (value, weight.value)
        return Self.record(
            .volumeTransposedConvolution, [self, weight] + (bias.map { [$0] } ?? []),
            x.volumeTransposedConvolution(w, bias?.value, window, output: output, groups: groups)
        ) { g, needs in
            let input =
                needs[0] ? g.volumeTransposedConvolutionInputGradient(w, window, input: x.shape, groups: groups) : nil
            let weight =
                needs[1] ? g.volumeTransposedConvolutionWeightGradient(x, window, weight: w.shape, groups: groups) : nil
            return [input, weight] + (needs.count > 2 ? [needs[2] ? g.summedRows() : nil] : [])
        }
    }
}

extension GradientCheck {
    private static func transposed(
        _ name: String, _ input: Shape, out: Int, _ kernel: Triple, bias: Bool = true, stride: Triple = 1,
        padding: Triple = 0, added: Triple = 0, dilation: Triple = 1, groups: Int = 1
    ) -> GradientCheck {
        let weight = Shape([input[4]] + kernel.numbers + [out / groups])
        return GradientCheck("volumeTransposedConvolution" + name, [input, weight] + (bias ? [[out]] : [])) {
            [
                $0[0].volumeTransposedConvolution(
                    $0[1], bias ? $0[2] : nil, stride: stride, padding: padding, outputPadding: added,
                    dilation: dilation, groups: groups)
            ]
        }
    }

    static let volumeTransposedConvolution: [GradientCheck] = [
        transposed("", [2, 2, 3, 2, 2], out: 3, 3, padding: 1),
        transposed("/kernel equals stride", [1, 2, 3, 2, 3], out: 2, 2, stride: 2),
        transposed(
            "/output padding, no bias", [1, 2, 2, 3, 2], out: 2, 3, bias: false, stride: 2, padding: 1, added: 1),
        transposed(
            "/uneven", [1, 3, 4, 3, 2], out: 3, Triple(3, 2, 3), stride: Triple(2, 1, 2), padding: Triple(1, 0, 1),
            added: Triple(1, 0, 0)),
        transposed(
            "/groups, dilation beyond the stride", [1, 2, 2, 2, 4], out: 2, Triple(2, 3, 2), stride: Triple(1, 2, 1),
            padding: Triple(0, 1, 1), added: Triple(1, 0, 0), dilation: Triple(2, 1, 3), groups: 2),
        transposed("/stride beyond the kernel", [1, 2, 2, 2, 1], out: 2, Triple(1, 2, 1), stride: 3, added: 1),
        transposed("/size 1", [1, 1, 1, 1, 1], out: 1, 1),
    ]
}
