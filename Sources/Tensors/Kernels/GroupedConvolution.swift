// Groups of few channels leave most of a vector empty. Several of them are a convolution of more channels whose weight has
// zeros between the groups, which costs nothing where a vector had room for them anyway.

/// How many groups, whose channels are so many, to take together for vectors of `most` channels.
func mergedGroups(_ groups: Int, width: Int, most: Int) -> Int {
    (1...max(1, min(groups, most / max(1, width)))).last { groups % $0 == 0 } ?? 1
}

extension Tensor {
    /// A weight [out, .., in / groups] with `merging` groups as one: [out, .., merging in / groups], zeros between.
    func blockDiagonal(groups: Int, merging: Int) -> Tensor {
        guard merging > 1 else { return self }
        let (out, inputs) = (shape[0], shape.columns)
        let taps = elementCount / max(1, out * inputs)
        return Tensor(shape.replacing(axis: -1, with: merging * inputs)) { wide in
            clear(wide, elementCount * merging)
            read { w in
                for o in 0..<out {
                    let first = o / (out / groups) % merging * inputs
                    S.copyColumns(
                        w + o * taps * inputs, inputs, wide + o * taps * inputs * merging + first, merging * inputs,
                        taps, inputs)
                }
            }
        }
    }

    /// The adjoint: what stands where the weight of that shape has no zeros.
    func diagonalBlocks(of weight: Shape, groups: Int, merging: Int) -> Tensor {
        guard merging > 1 else { return self }
        let (out, inputs) = (weight[0], weight.columns)
        let taps = weight.elementCount / max(1, out * inputs)
        return Tensor(weight) { w in
            read { wide in
                for o in 0..<out {
                    let first = o / (out / groups) % merging * inputs
                    S.copyColumns(
                        wide + o * taps * inputs * merging + first, merging * inputs, w + o * taps * inputs, inputs,
                        taps, inputs)
                }
            }
        }
    }

    /// As `convolution`, for one group or many.
    package func groupedConvolution(_ weight: Tensor, _ bias: Tensor?, _ window: Window, groups: Int) -> Tensor {
        if let tiles = GroupTiles<S>(window, map: shape, weight: weight.shape, groups: groups) {
            return tiles.convolution(self, weight, bias)
        }
        if let tiles = DilatedTiles<S>(window, map: shape, weight: weight.shape, groups: groups) {
            return tiles.convolution(self, weight, bias)
        }
        if let y = panelConvolution(weight, bias, window, groups: groups) { return y }
        if groups > 1,
            let y = asVolumes.stridedConvolution(weight.asVolumes, bias, VolumeWindow(window), groups: groups)
        {
            return y.reshaped(windowed(window, channels: weight.shape[0]))
        }
        let merging = groups == 1 ? 1 : mergedGroups(groups, width: weight.shape[0] / groups, most: 32)
        return convolution(
            weight.blockDiagonal(groups: groups, merging: merging), bias, window, groups: groups / merging)
    }

    /// As `convolutionInputGradient`.
    package func groupedConvolutionInputGradient(
        _ weight: Tensor, _ window: Window, input: Shape, groups: Int
    ) -> Tensor {
        if let tiles = DilatedTiles<S>(window, map: input, weight: weight.shape, groups: groups) {
            return tiles.inputGradient(self, weight)
        }
        guard groups > 1 else { return convolutionInputGradient(weight, window, input: input, groups: 1) }
        if let tiles = GroupTiles<S>(window, map: input, weight: weight.shape, groups: groups) {
            return tiles.inputGradient(self, weight)
        }
        if let dx = panelInputGradient(weight, window, input: input, groups: groups) { return dx }
        let (g, w, window, volume) = (
            asVolumes, weight.asVolumes, VolumeWindow(window), Shape([input[0], 1, input[1], input[2], input[3]])
        )
        let dx =
            g.stridedInputGradient(w, nil, window, input: volume, groups: groups)
            ?? g.convolutionByPhases(w, nil, window, input: volume, groups: groups)
        return dx.reshaped(input)
    }

    /// As `convolutionWeightGradient`.
    package func groupedConvolutionWeightGradient(_ x: Tensor, _ window: Window, weight: Shape, groups: Int) -> Tensor {
        if let tiles = GroupTiles<S>(window, map: x.shape, weight: weight, groups: groups) {
            return tiles.weightGradient(x, self, weight)
        }
        if let tiles = DilatedTiles<S>(window, map: x.shape, weight: weight, groups: groups) {
            return tiles.weightGradient(x, self, weight)
        }
        if let dw = panelWeightGradient(x, window, weight: weight, groups: groups) { return dw }
        if groups > 1,
            let dw = asVolumes.stridedWeightGradient(
                x.asVolumes, VolumeWindow(window), weight: [weight[0], 1, weight[1], weight[2], weight[3]],
                groups: groups)
        {
            return dw.reshaped(weight)
        }
        let merging = groups == 1 ? 1 : mergedGroups(groups, width: weight[0] / groups, most: 8)
        return convolutionWeightGradient(
            x, window, weight: weight.replacing(axis: -1, with: merging * weight[3]), groups: groups / merging
        ).diagonalBlocks(of: weight, groups: groups, merging: merging)
    }
}

/// 3x3 convolutions of stride 1 and padding 1 by tiles, group by group; groups of few channels together.
private struct GroupTiles<S: Scalar> {
    private let merging: Int
    private let old: Int
    private let groups: Int
    /// Channels of a group.
    private let inputs: Int
    private let outputs: Int

    init?(_ window: Window, map: Shape, weight: Shape, groups old: Int) {
        guard old > 1 else { return nil }
        let (inputs, outputs) = (map[3] / old, weight[0] / old)
        merging = mergedGroups(old, width: max(inputs, outputs), most: 16)
        self.old = old
        groups = old / merging
        self.inputs = inputs * merging
        self.outputs = outputs * merging
        let one = weight.replacing(axis: 0, with: self.outputs).replacing(axis: -1, with: self.inputs)
        guard self.inputs >= 8,
            Tensor<S>.usesTiles(window, map: map.replacing(axis: -1, with: self.inputs), weight: one, groups: 1)
        else { return nil }
    }

    func convolution(_ x: Tensor<S>, _ weight: Tensor<S>, _ bias: Tensor<S>?) -> Tensor<S> {
        let weight = weight.blockDiagonal(groups: old, merging: merging)
        let layout = TileLayout(inputStride: groups * inputs, outputStride: groups * outputs, groups: groups)
        defer { withExtendedLifetime(bias) {} }
        return Tensor(x.shape.replacing(axis: -1, with: groups * outputs)) { y in
            withElements(x, weight) { start, weight in
                S.tiledConvolution(
                    start, parts: [inputs], x.shape.replacing(axis: -1, with: inputs), weight, bias?.start,
                    turned: false, into: y, outputs: outputs, layout)
            }
        }
    }

    func inputGradient(_ g: Tensor<S>, _ weight: Tensor<S>) -> Tensor<S> {
        let weight = weight.blockDiagonal(groups: old, merging: merging)
        let layout = TileLayout(inputStride: groups * outputs, outputStride: groups * inputs, groups: groups)
        return Tensor(g.shape.replacing(axis: -1, with: groups * inputs)) { dx in
            withElements(g, weight) { start, weight in
                S.tiledConvolution(
                    start, parts: [outputs], g.shape.replacing(axis: -1, with: outputs), weight, nil, turned: true,
                    into: dx, outputs: inputs, layout)
            }
        }
    }

    func weightGradient(_ x: Tensor<S>, _ g: Tensor<S>, _ weight: Shape) -> Tensor<S> {
        let layout = TileLayout(inputStride: groups * inputs, outputStride: groups * outputs, groups: groups)
        return Tensor(weight.replacing(axis: -1, with: inputs)) { dw in
            withElements(x, g) { start, g in
                S.tiledWeightGradient(
                    start, parts: [inputs], x.shape.replacing(axis: -1, with: inputs), g, outputs: outputs, into: dw,
                    layout)
            }
        }.diagonalBlocks(of: weight, groups: old, merging: merging)
    }
}
