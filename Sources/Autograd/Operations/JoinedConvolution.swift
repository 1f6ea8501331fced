import Tensors

extension Operation { package static let joinedConvolution = Operation("joinedConvolution") }

extension Variable {
    /// `concatenated(parts).convolution(weight, bias, padding:, dilation:)` as one operation: parts [N, H, W, Ci], weight
    /// [out, kh, kw, the sum of Ci], bias [out] -> [N, H', W', out]. A 3x3 kernel with padding 1 reads parts of 16, 32,
    /// ... channels where they are, so that nothing is copied; the decoders of U-Nets join large maps.
    ///
    /// Gradient: that of the convolution, for each part its range of channels.
    public static func convolution(
        joining parts: [Variable], _ weight: Variable, _ bias: Variable?, padding: Pair = 0, dilation: Pair = 1
    ) -> Variable {
        let name = Operation.joinedConvolution.name
        guard let first = parts.first else { brokenRule(name, [], "there must be at least one part") }
        require(
            parts.allSatisfy {
                $0.shape.rank == 4 && $0.shape.dimensions.dropLast() == first.shape.dimensions.dropLast()
            } && weight.shape.rank == 4 && parts.reduce(0) { $0 + $1.shape[3] } == weight.shape[3], name,
            parts.map(\.shape) + [weight.shape],
            "the parts must be [images, height, width, channels], of one size, and the weight "
                + "[out, height, width, all channels]")
        require(
            bias == nil || bias?.shape == [weight.shape[0]], name, [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output channel")
        let window = Window(kernel: Pair(weight.shape[1], weight.shape[2]), padding: padding, dilation: dilation)
        window.check(name, on: first.shape)
        let maps = JoinedMaps(parts.map(\.value), for: weight.shape, window)
        let w = weight.value
        return record(
            .joinedConvolution, parts + [weight] + (bias.map { [$0] } ?? []), maps.convolution(w, bias?.value, window)
        ) { g, needs in
            let count = maps.parts.count
            let inputs = needs.prefix(count).contains(true) ? maps.inputGradients(g, w, window) : []
            var gradients = inputs.isEmpty ? [Tensor<S>?](repeating: nil, count: count) : inputs
            gradients.append(needs[count] ? maps.weightGradient(g, w.shape, window) : nil)
            if needs.count > count + 1 { gradients.append(needs[count + 1] ? g.summedRows() : nil) }
            return gradients
        }
    }
}

extension GradientCheck {
    static let joinedConvolution: [GradientCheck] = [
        GradientCheck("joinedConvolution", [[2, 4, 3, 2], [2, 4, 3, 3], [4, 3, 3, 5], [4]]) {
            [.convolution(joining: [$0[0], $0[1]], $0[2], $0[3], padding: 1)]
        },
        GradientCheck(
            "joinedConvolution/three parts, no bias", [[1, 3, 4, 1], [1, 3, 4, 2], [1, 3, 4, 1], [2, 1, 1, 4]]
        ) {
            [.convolution(joining: [$0[0], $0[1], $0[2]], $0[3], nil)]
        },
        GradientCheck("joinedConvolution/one part twice", [[1, 5, 5, 2], [3, 3, 3, 4]]) {
            [.convolution(joining: [$0[0], $0[0]], $0[1], nil, padding: 2, dilation: 2)]
        },
    ]
}
