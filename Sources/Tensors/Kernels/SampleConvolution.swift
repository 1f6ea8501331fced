/// A convolution of single maps, each with a kernel of its own, as it is done for one of them on the calling thread: by
/// channels, by tiles or by patches, as the convolution with one kernel for all.
struct SampleConvolution<S: Scalar> {
    /// Of one map, [1, H, W, in].
    let input: Shape
    /// Of one result, [1, H', W', out].
    let output: Shape
    /// Of one kernel, [out, kh, kw, in / groups].
    let weight: Shape
    private let window: Window
    private let plan: ConvolutionPlan
    private let isByChannel: Bool
    private let usesTiles: Bool

    init(_ window: Window, input: Shape, weight: Shape, groups: Int) {
        self.window = window
        self.weight = weight
        self.input = input.replacing(axis: 0, with: 1)
        let size = window.outputSize(Pair(input[1], input[2]))
        output = [1, size.height, size.width, weight[0]]
        plan = ConvolutionPlan(window, input: self.input, weight: weight, groups: groups)
        isByChannel = groups == input[3] && weight[0] == groups && window.dilation == 1
        usesTiles = Tensor<S>.usesTiles(window, map: self.input, weight: weight, groups: groups)
    }

    /// Kernels for so many samples, about 16 MB of them, are made at a time; eight at least, for as many threads.
    var group: Int { max(8, (1 << 22) / max(1, weight.elementCount)) }

    /// The result of map `sample` of a batch for the kernel w and the bias [out].
    func forward(
        _ x: Tensor<S>, _ sample: Int, _ w: UnsafePointer<S>, _ bias: UnsafePointer<S>?, into y: UnsafeMutablePointer<S>
    ) {
        if isByChannel {
            let row = bias.map { bias in Tensor<S>([weight[0]]) { $0.update(from: bias, count: weight[0]) } }
            copy(map(x, sample, input).depthwiseConvolution(byChannel(w), row, window), to: y)
            return
        }
        x.read { x in
            let x = x + sample * input.elementCount
            if usesTiles {
                S.winogradConvolution(
                    [x], parts: [input[3]], input, w, bias, turned: false, into: [y], parts: [weight[0]])
            } else {
                plan.output(x, w, bias, into: y)
            }
        }
    }

    /// The gradient of that map for the gradient g of the results.
    func inputGradient(_ g: Tensor<S>, _ sample: Int, _ w: UnsafePointer<S>, into dx: UnsafeMutablePointer<S>) {
        if isByChannel {
            copy(map(g, sample, output).depthwiseInputGradient(byChannel(w), window, input: input), to: dx)
            return
        }
        g.read { g in
            let g = g + sample * output.elementCount
            if usesTiles && input[3] > 4 {
                S.winogradConvolution(
                    [g], parts: [weight[0]], output, w, nil, turned: true, into: [dx], parts: [input[3]])
            } else {
                plan.inputGradient(g, w, into: dx)
            }
        }
    }

    /// The gradient of that map's kernel.
    func weightGradient(_ x: Tensor<S>, _ g: Tensor<S>, _ sample: Int, into dw: UnsafeMutablePointer<S>) {
        if isByChannel {
            let sums = map(g, sample, output).depthwiseWeightGradient(map(x, sample, input), window)
            copy(sums.weight.transposedToColumns(weight, rows: weight[1] * weight[2]), to: dw)
            return
        }
        withElements(x, g) { x, g in
            let (x, g) = (x + sample * input.elementCount, g + sample * output.elementCount)
            if usesTiles {
                S.winogradWeightGradient(
                    [x], parts: [input[3]], input, g, outputs: weight[0], shares: false, into: dw)
            } else {
                plan.weightGradient(x, g, chunks: 1, into: dw)
            }
        }
    }

    private func map(_ batch: Tensor<S>, _ sample: Int, _ shape: Shape) -> Tensor<S> {
        Tensor(storage: batch.storage, offset: batch.offset + sample * shape.elementCount, shape: shape)
    }

    /// A kernel with its channels last.
    private func byChannel(_ w: UnsafePointer<S>) -> Tensor<S> {
        Tensor<S>(weight) { $0.update(from: w, count: weight.elementCount) }
            .transposedToColumns([weight[1], weight[2], weight[0]], rows: weight[0])
    }

    private func copy(_ tensor: Tensor<S>, to target: UnsafeMutablePointer<S>) {
        tensor.read { target.update(from: $0, count: tensor.elementCount) }
    }
}

/// Where the kernels of a batch's samples come from. Kernels of a few samples are made at a time, so that they are in a
/// cache when they are used, and what they are made of takes over their gradients a few at a time.
package protocol SampleKernels<S> {
    /// The precision.
    associatedtype S: Scalar
    /// Samples in the batch.
    var samples: Int { get }
    /// Of one kernel, [out, kh, kw, in / groups].
    var shape: Shape { get }
    /// Lends the kernels of some samples, one behind the other.
    func withKernels(_ samples: Range<Int>, _ body: (UnsafePointer<S>) -> Void)
    /// Lends memory that `write` fills with the gradients of the kernels of some samples, and takes them over. Samples come
    /// in order.
    func takeGradients(_ samples: Range<Int>, _ write: (UnsafeMutablePointer<S>) -> Void)
}

extension Tensor {
    /// Each map of x [N, H, W, in] with its own kernel, and with its own row of the bias [N, out] -> [N, H', W', out].
    package func convolution(
        _ kernels: some SampleKernels<S>, _ bias: Tensor?, _ window: Window, groups: Int
    ) -> Tensor {
        if let y = tiled(kernels, bias, window, input: shape, groups: groups, turned: false) { return y }
        let one = SampleConvolution<S>(window, input: shape, weight: kernels.shape, groups: groups)
        let (size, step) = (kernels.shape.elementCount, one.output.elementCount)
        defer { withExtendedLifetime(bias) {} }
        return Tensor(one.output.replacing(axis: 0, with: shape[0])) { y in
            forEachBlock(0..<shape[0], one.group) { samples in
                kernels.withKernels(samples) { w in
                    parallelFor(samples.count, grain: 1) { range in
                        for i in range {
                            let sample = samples.lowerBound + i
                            one.forward(
                                self, sample, w + i * size, bias.map { $0.start + sample * one.weight[0] },
                                into: y + sample * step)
                        }
                    }
                }
            }
        }
    }

    /// For self = g: the gradient of x, whose shape is given.
    package func convolutionInputGradient(
        _ kernels: some SampleKernels<S>, _ window: Window, input: Shape, groups: Int
    ) -> Tensor {
        if let dx = tiled(kernels, nil, window, input: input, groups: groups, turned: true) { return dx }
        let one = SampleConvolution<S>(window, input: input, weight: kernels.shape, groups: groups)
        let (size, step) = (kernels.shape.elementCount, one.input.elementCount)
        return Tensor(input) { dx in
            forEachBlock(0..<input[0], one.group) { samples in
                kernels.withKernels(samples) { w in
                    parallelFor(samples.count, grain: 1) { range in
                        for i in range {
                            let sample = samples.lowerBound + i
                            one.inputGradient(self, sample, w + i * size, into: dx + sample * step)
                        }
                    }
                }
            }
        }
    }

    /// For self = g: hands the gradients of the kernels over.
    package func convolutionKernelGradients(
        _ x: Tensor, _ window: Window, groups: Int, to kernels: some SampleKernels<S>
    ) {
        if let tiles = SampleTiles(window, input: x.shape, weight: kernels.shape, groups: groups),
            let own = kernels as? any TiledKernels, own.fitsTiles, let x = x as? Tensor<Float>,
            let g = self as? Tensor<Float>
        {
            tiles.kernelGradients(own, x, g)
            return
        }
        let one = SampleConvolution<S>(window, input: x.shape, weight: kernels.shape, groups: groups)
        let size = kernels.shape.elementCount
        forEachBlock(0..<x.shape[0], one.group) { samples in
            kernels.takeGradients(samples) { dw in
                parallelFor(samples.count, grain: 1) { range in
                    for i in range { one.weightGradient(x, self, samples.lowerBound + i, into: dw + i * size) }
                }
            }
        }
    }

    /// The same for kernels that are made where they are used; nil for others, and where there are no tiles.
    private func tiled(
        _ kernels: some SampleKernels<S>, _ bias: Tensor?, _ window: Window, input: Shape, groups: Int, turned: Bool
    ) -> Tensor? {
        guard let tiles = SampleTiles(window, input: input, weight: kernels.shape, groups: groups),
            let own = kernels as? any TiledKernels, own.fitsTiles, let x = self as? Tensor<Float>
        else { return nil }
        return tiles.results(own, x, bias as? Tensor<Float>, turned: turned) as? Tensor
    }

    /// Zeros that may be added to, over all threads.
    static func cleared(_ shape: Shape) -> Tensor {
        Tensor(shape) { x in
            parallelFor(shape.elementCount, grain: 1 << 16) { clear(x + $0.lowerBound, $0.count) }
        }
    }

    /// The sums over the pixels of each map [N, H, W, C]: [N, C].
    package func summedPixels() -> Tensor {
        let (pixels, channels) = (shape[1] * shape[2], shape[3])
        return Tensor([shape[0], channels]) { sums in
            read { x in
                parallelFor(shape[0], grain: max(1, elementGrain / max(1, pixels * channels))) { maps in
                    for map in maps {
                        S.sumRows(
                            x + map * pixels * channels, stride: channels, sums + map * channels, pixels, channels)
                    }
                }
            }
        }
    }
}

/// Kernels that are given, [N, out, kh, kw, in / groups].
package struct GivenKernels<S: Scalar>: SampleKernels {
    private let kernels: Tensor<S>
    private let gradients: Storage<S>?

    /// - Parameter needsGradients: whether gradients will be taken.
    package init(_ kernels: Tensor<S>, needsGradients: Bool) {
        self.kernels = kernels
        gradients = needsGradients ? Storage(count: kernels.elementCount) : nil
    }

    package var samples: Int { kernels.shape[0] }
    package var shape: Shape { Shape(Array(kernels.shape.dimensions.dropFirst())) }

    package func withKernels(_ samples: Range<Int>, _ body: (UnsafePointer<S>) -> Void) {
        kernels.read { body($0 + samples.lowerBound * shape.elementCount) }
    }

    package func takeGradients(_ samples: Range<Int>, _ write: (UnsafeMutablePointer<S>) -> Void) {
        guard let gradients else { return }
        write(gradients.pointer + samples.lowerBound * shape.elementCount)
    }

    /// Those of all kernels, once they are taken.
    package var gradient: Tensor<S>? { gradients.map { Tensor(storage: $0, offset: 0, shape: kernels.shape) } }
}
