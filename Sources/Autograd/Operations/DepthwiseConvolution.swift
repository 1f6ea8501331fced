import Tensors

extension Operation { package static let depthwiseConvolution = Operation("depthwiseConvolution") }

extension Variable {
    /// Convolves each channel with its own kernel: x [N, H, W, C], weight [kh, kw, C] with odd kernel sizes, bias [C]
    /// -> [N, H', W', C]. The map is padded with zeros, by (k - 1) / 2 unless `padding` says otherwise.
    ///
    /// Gradient: g convolved with the turned weight for x, g correlated with x for the weight, the sum of g over pixels
    /// for the bias.
    ///
    /// - Parameter halvesInput: whether x is kept for the gradient in bfloat16 where products are; it pays where nothing else
    ///   keeps x.
    public func depthwiseConvolution(
        _ weight: Variable, _ bias: Variable?, stride: Int = 1, padding: Int? = nil, halvesInput: Bool = false
    ) -> Variable {
        let name = Operation.depthwiseConvolution.name
        require(
            shape.rank == 4 && weight.shape.rank == 3 && weight.shape[2] == shape[3], name, [shape, weight.shape],
            "the input must be [images, height, width, channels], the weight [height, width, channels]")
        let kernel = Pair(weight.shape[0], weight.shape[1])
        require(
            kernel.height % 2 == 1 && kernel.width % 2 == 1, name, [shape, weight.shape], "kernel sizes must be odd")
        require(
            bias == nil || bias?.shape == [shape[3]], name, [shape, bias?.shape ?? []],
            "the bias must have one element per channel")
        let window = Window(
            kernel: kernel, stride: Pair(stride),
            padding: padding.map { Pair($0) } ?? Pair(kernel.height / 2, kernel.width / 2))
        window.check(name, on: shape)
        let (w, operands) = (weight.value, [self, weight] + (bias.map { [$0] } ?? []))
        let output = value.depthwiseConvolution(w, bias?.value, window)
        let (kept, input) = (kept(halving: halvesInput, for: operands), shape)
        return Self.record(.depthwiseConvolution, operands, output) { g, needs in
            let sums = needs.dropFirst().contains(true) ? g.depthwiseWeightGradient(kept.tensor, window) : nil
            let dx = needs[0] ? g.depthwiseInputGradient(w, window, input: input) : nil
            return [dx, sums?.weight] + (needs.count > 2 ? [sums?.bias] : [])
        }
    }
}

extension GradientCheck {
    private static func depthwise(
        _ name: String, _ input: Shape, _ kernel: Pair, bias: Bool = true, stride: Int = 1, padding: Int? = nil
    ) -> GradientCheck {
        let shapes = [input, [kernel.height, kernel.width, input[3]]] + (bias ? [[input[3]]] : [])
        return GradientCheck("depthwiseConvolution" + name, shapes) {
            [$0[0].depthwiseConvolution($0[1], bias ? $0[2] : nil, stride: stride, padding: padding)]
        }
    }

    static let depthwiseConvolution: [GradientCheck] = [
        depthwise("", [2, 5, 4, 3], 3),
        depthwise("/no bias", [1, 4, 3, 2], 3, bias: false),
        depthwise("/kernel larger than the map", [3, 2, 2, 2], 7),
        depthwise("/size 1", [1, 1, 1, 1], 1),
        depthwise("/uneven kernel, 17 channels", [1, 2, 3, 17], Pair(1, 5)),
        depthwise("/stride 2", [2, 5, 6, 2], 3, stride: 2),
        depthwise("/stride 3, padding 1", [1, 7, 8, 2], 5, stride: 3, padding: 1),
        depthwise("/padding 0", [2, 5, 5, 2], 3, padding: 0),
        depthwise("/padding beyond the kernel", [1, 3, 2, 2], 3, padding: 4),
    ]
}
