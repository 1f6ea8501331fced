import Tensors

extension Operation { package static let sampleConvolution = Operation("sampleConvolution") }

extension Variable {
    /// Convolution of maps x = self [N, H, W, in], each with a kernel of its own of kernels [N, out, kh, kw, in / groups] and
    /// its own row of the bias [N, out] -> [N, H', W', out]; what one convolution with N times the groups computes when
    /// the batch is folded into the channels.
    ///
    /// Gradient: for each map by itself that of `convolution`.
    public func convolution(
        kernels: Variable, _ bias: Variable? = nil, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1,
        groups: Int = 1
    ) -> Variable {
        require(
            kernels.shape.rank == 5 && kernels.shape[0] == shape[0], Operation.sampleConvolution.name,
            [shape, kernels.shape], "the kernels must be [images, out, height, width, in / groups]")
        let k = kernels.value
        let window = Window(
            kernel: Pair(k.shape[2], k.shape[3]), stride: stride, padding: padding, dilation: dilation)
        return convolvedBySample(
            .sampleConvolution, [kernels], bias, window, groups: groups,
            kernels: { needs -> GivenKernels<S> in GivenKernels(k, needsGradients: needs) },
            collected: { (taken: GivenKernels<S>) in [taken.gradient] })
    }

    /// What all convolutions with a kernel for each map share.
    /// - Parameters:
    ///   - sources: what the kernels are made of.
    ///   - kernels: makes them, with or without a place for gradients.
    ///   - collected: the gradients of the sources, in their order.
    func convolvedBySample<Kernels: SampleKernels<S>>(
        _ operation: Operation, _ sources: [Variable], _ bias: Variable?, _ window: Window, groups: Int,
        kernels: @escaping (_ needsGradients: Bool) -> Kernels, collected: @escaping (Kernels) -> [Tensor<S>?]
    ) -> Variable {
        let (x, own) = (value, kernels(false))
        let name = operation.name
        require(
            shape.rank == 4 && groups >= 1 && own.shape[0] % groups == 0 && own.shape[3] * groups == shape[3], name,
            [shape, own.shape],
            "the input must be [images, height, width, in] and kernels [out, height, width, in / \(groups) groups]")
        require(
            own.samples == shape[0], name, [shape], "there must be a kernel for each image, not \(own.samples)")
        require(
            bias == nil || bias?.shape == [shape[0], own.shape[0]], name, [own.shape, bias?.shape ?? []],
            "the bias must have one element per image and output channel")
        window.check(name, on: shape)
        return Self.record(
            operation, [self] + sources + (bias.map { [$0] } ?? []),
            x.convolution(own, bias?.value, window, groups: groups)
        ) { g, needs in
            var gradients = [
                needs[0] ? g.convolutionInputGradient(own, window, input: x.shape, groups: groups) : nil
            ]
            if needs[1...sources.count].contains(true) {
                let taking = kernels(true)
                g.convolutionKernelGradients(x, window, groups: groups, to: taking)
                gradients += zip(collected(taking), needs[1...]).map { $1 ? $0 : nil }
            } else {
                gradients += sources.map { _ in nil }
            }
            if needs.count > gradients.count { gradients.append(needs[gradients.count] ? g.summedPixels() : nil) }
            return gradients
        }
    }
}

extension GradientCheck {
    private static func sample(
        _ name: String, _ input: Shape, out: Int, _ kernel: Pair, bias: Bool = true, stride: Pair = 1,
        padding: Pair = 0, dilation: Pair = 1, groups: Int = 1
    ) -> GradientCheck {
        let kernels: Shape = [input[0], out, kernel.height, kernel.width, input[3] / groups]
        return GradientCheck("sampleConvolution" + name, [input, kernels] + (bias ? [[input[0], out]] : [])) {
            [
                $0[0].convolution(
                    kernels: $0[1], bias ? $0[2] : nil, stride: stride, padding: padding, dilation: dilation,
                    groups: groups)
            ]
        }
    }

    static let sampleConvolution: [GradientCheck] = [
        sample("", [3, 4, 5, 3], out: 4, 3, padding: 1),
        sample("/no bias, stride 2", [2, 5, 6, 2], out: 3, 3, bias: false, stride: 2, padding: 1),
        sample("/groups", [2, 4, 4, 6], out: 4, 3, padding: 1, groups: 2),
        sample("/pointwise", [3, 2, 3, 4], out: 3, 1),
        sample("/pointwise, stride 2", [1, 3, 4, 2], out: 3, 1, stride: 2),
        sample("/dilation 2, uneven", [2, 6, 7, 2], out: 2, Pair(3, 2), padding: 2, dilation: 2),
        sample("/one channel per group", [2, 4, 5, 3], out: 3, 3, stride: 2, padding: 1, groups: 3),
        sample("/size 1", [1, 1, 1, 1], out: 1, 1),
    ]
}
