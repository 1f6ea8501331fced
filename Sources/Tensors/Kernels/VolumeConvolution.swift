import CKernels

// The loops are those of `Convolution.swift`, whose patches reach over slices here; slices whose kernels are 3x3 go by
// tiles, the taps of the third axis side by side as channels.

extension ConvolutionPlan {
    /// Maps y [planes, out_height, out_width, outputs groups] that a window makes of x.
    init(_ geometry: hb_window, planes: Int, inputs: Int, outputs: Int, groups: Int, isPoint: Bool) {
        self.geometry = geometry
        images = planes
        self.groups = groups
        self.inputs = inputs
        self.outputs = outputs
        inner = geometry.kernel_depth * geometry.kernel_height * geometry.kernel_width * inputs
        block = max(1, (1 << 17) / (geometry.out_width * max(inner, outputs)))
        self.isPoint = isPoint
    }

    fileprivate init(_ window: VolumeWindow, input: Shape, weight: Shape, groups: Int) {
        let geometry = window.geometry(on: input)
        self.init(
            geometry, planes: input[0] * geometry.out_depth, inputs: input[4] / groups, outputs: weight[0] / groups,
            groups: groups, isPoint: window.isPoint)
    }
}

extension Tensor {
    /// x [N, D, H, W, in], weight [out, kd, kh, kw, in / groups], bias [out] -> [N, D', H', W', out].
    package func volumeConvolution(_ weight: Tensor, _ bias: Tensor?, _ window: VolumeWindow, groups: Int) -> Tensor {
        let output = windowed(window, channels: weight.shape[0])
        if window.isFlat {
            return slices.groupedConvolution(weight.asMapWeight, bias, window.plane, groups: groups).reshaped(output)
        }
        if let taps = SliceTiles<S>(window, volume: shape, weight: weight.shape, groups: groups) {
            return taps.convolution(self, weight, bias, output)
        }
        if let y = stridedConvolution(weight, bias, window, groups: groups) { return y }
        let merging = mergedGroups(groups, width: weight.shape[0] / groups, most: 32)
        let weight = weight.blockDiagonal(groups: groups, merging: merging)
        let plan = ConvolutionPlan(window, input: shape, weight: weight.shape, groups: groups / merging)
        defer { withExtendedLifetime(bias) {} }
        return Tensor(output) { y in
            withElements(self, weight) { plan.output($0, $1, bias?.start, into: y) }
        }
    }

    /// For self = g: the gradient of x, whose shape is `input`.
    package func volumeConvolutionInputGradient(
        _ weight: Tensor, _ window: VolumeWindow, input: Shape, groups: Int
    ) -> Tensor {
        if window.isFlat {
            return slices.groupedConvolutionInputGradient(
                weight.asMapWeight, window.plane, input: [input[0] * input[1], input[2], input[3], input[4]],
                groups: groups
            ).reshaped(input)
        }
        if window.stride.depth == 1,
            let taps = SliceTiles<S>(window, volume: input, weight: weight.shape, groups: groups)
        {
            return taps.inputGradient(self, weight, input)
        }
        return stridedInputGradient(weight, nil, window, input: input, groups: groups)
            ?? convolutionByPhases(weight, nil, window, input: input, groups: groups)
    }

    /// For self = g: the gradient of the weight, whose shape is given.
    package func volumeConvolutionWeightGradient(
        _ x: Tensor, _ window: VolumeWindow, weight: Shape, groups: Int
    ) -> Tensor {
        if window.isFlat {
            return slices.groupedConvolutionWeightGradient(
                x.slices, window.plane, weight: [weight[0], weight[2], weight[3], weight[4]], groups: groups
            ).reshaped(weight)
        }
        if let taps = SliceTiles<S>(window, volume: x.shape, weight: weight, groups: groups) {
            return taps.weightGradient(x, self, weight)
        }
        if let dw = stridedWeightGradient(x, window, weight: weight, groups: groups) { return dw }
        let plan = ConvolutionPlan(window, input: x.shape, weight: weight, groups: groups)
        let chunks = weight.elementCount > 1 << 18 ? 4 : 16
        return Tensor(weight) { dw in withElements(x, self) { plan.weightGradient($0, $1, chunks: chunks, into: dw) } }
    }

    /// A weight of one slice as one of maps.
    private var asMapWeight: Tensor { reshaped([shape[0], shape[2], shape[3], shape[4]]) }
}

/// A convolution of volumes whose windows are 3x3 within a slice, as one of maps whose channels are those of all slices
/// under a window: the taps of the third axis are parts of what is read.
private struct SliceTiles<S: Scalar> {
    private let window: VolumeWindow
    private let deep: Int
    private let results: Int
    private let kernel: Int
    private let inputs: Int
    private let outputs: Int

    /// Measured on two cores with AVX-512: about three times as fast as patches from 16 channels and slices of 8x8 on. Parts
    /// begin at multiples of 16 channels.
    init?(_ window: VolumeWindow, volume: Shape, weight: Shape, groups: Int) {
        guard S.hasWinograd, groups == 1, window.plane == Window(kernel: 3, padding: 1), volume[0] >= 1,
            volume[2] >= 4, volume[3] >= 4, volume[4] % 16 == 0, weight[0] % 16 == 0
        else { return nil }
        self.window = window
        deep = volume[1]
        results = window.outputSize(Triple(volume[1], volume[2], volume[3])).depth
        kernel = window.kernel.depth
        inputs = volume[4]
        outputs = weight[0]
    }

    /// The slices that the first one of the result meets.
    private var shifts: [Int] { (0..<kernel).map { $0 * window.dilation.depth - window.padding.depth } }

    /// Tiles that share the slices that windows have in common.
    private func shared(_ slices: TileLayout.Slices, _ volume: Shape, inputs: Int, outputs: Int) -> VolumeTiles? {
        VolumeTiles(
            slices, volumes: volume[0], size: Pair(volume[2], volume[3]), inputs: inputs, outputs: outputs)
    }

    func convolution(_ x: Tensor<S>, _ weight: Tensor<S>, _ bias: Tensor<S>?, _ output: Shape) -> Tensor<S> {
        // [out, 9, kd, in]
        let side = weight.reshaped([outputs, kernel, 9, inputs]).transposed([0, 2, 1, 3])
        let slices = TileLayout.Slices(results: results, deep: deep, step: window.stride.depth, shifts: shifts)
        if let y = shared(slices, output, inputs: inputs, outputs: outputs)?.convolution(
            x, side, bias, turned: false, output)
        {
            return y
        }
        let layout = TileLayout(slices: slices)
        defer { withExtendedLifetime(bias) {} }
        return Tensor(output) { y in
            withElements(x, side) { x, side in
                S.tiledConvolution(
                    x, parts: shifts.map { _ in inputs },
                    [output[0] * results, output[2], output[3], kernel * inputs], side, bias?.start, turned: false,
                    into: y, outputs: outputs, layout)
            }
        }
    }

    /// With a stride of 1 along the third axis, slice d of x meets tap t in slice d + padding - t dilation of the result.
    func inputGradient(_ g: Tensor<S>, _ weight: Tensor<S>, _ input: Shape) -> Tensor<S> {
        // [kd, out, 9, in]
        let side = weight.reshaped([outputs, kernel, 9, inputs]).transposed([1, 0, 2, 3])
        let slices = TileLayout.Slices(results: deep, deep: results, step: 1, shifts: shifts.map { -$0 })
        if let dx = shared(slices, input, inputs: outputs, outputs: inputs)?.convolution(
            g, side, nil, turned: true, input)
        {
            return dx
        }
        let layout = TileLayout(slices: slices)
        return Tensor(input) { dx in
            withElements(g, side) { g, side in
                S.tiledConvolution(
                    g, parts: shifts.map { _ in outputs }, [input[0] * deep, input[2], input[3], kernel * outputs],
                    side, nil, turned: true, into: dx, outputs: inputs, layout)
            }
        }
    }

    func weightGradient(_ x: Tensor<S>, _ g: Tensor<S>, _ weight: Shape) -> Tensor<S> {
        let slices = TileLayout.Slices(results: results, deep: deep, step: window.stride.depth, shifts: shifts)
        if let side = shared(slices, x.shape, inputs: inputs, outputs: outputs)?.weightGradient(x, g) {
            return side.transposed([0, 2, 1, 3]).reshaped(weight)
        }
        let layout = TileLayout(slices: slices)
        let shape = x.shape
        let side = Tensor<S>([outputs, 9, kernel, inputs]) { dw in
            withElements(x, g) { x, g in
                S.tiledWeightGradient(
                    x, parts: shifts.map { _ in inputs }, [shape[0] * results, shape[2], shape[3], kernel * inputs],
                    g, outputs: outputs, into: dw, layout)
            }
        }
        return side.transposed([0, 2, 1, 3]).reshaped(weight)
    }
}
