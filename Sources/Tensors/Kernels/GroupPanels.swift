import CKernels

/// Convolutions in groups of few channels, whatever their stride: sixteen results of some neighbouring pixels at a time, without
/// patches. Two groups of eight channels are taken together.
struct GroupPanels {
    private let old: Int
    private let merging: Int
    private let groups: Int
    /// Channels of a group.
    private let inputs: Int
    private let outputs: Int
    private let window: hb_window
    private let input: Shape

    /// Measured on a Zen 4: more than twice as fast as tiles of so few channels.
    init?(_ window: Window, map: Shape, weight: Shape, groups old: Int) {
        let taps = window.kernel.height * window.kernel.width
        guard Float.hasWinograd, old > 1, map[0] >= 1, taps > 1, taps <= Int(HB_GROUPED_TAPS) else { return nil }
        let (inputs, outputs) = (map[3] / old, weight[0] / old)
        guard min(inputs, outputs) >= 8 else { return nil }
        merging = mergedGroups(old, width: max(inputs, outputs), most: 16)
        self.old = old
        groups = old / merging
        self.inputs = inputs * merging
        self.outputs = outputs * merging
        self.window = window.geometry(on: map)
        input = map
        let (least, most) = (min(self.inputs, self.outputs), max(self.inputs, self.outputs))
        guard least == 16, most == 16 || most == 32 else { return nil }
    }

    private var taps: Int { window.kernel_height * window.kernel_width }
    private var images: Int { input[0] }
    private var size: Int { groups * outputs * taps * inputs }
    /// Rows of a task: about a million multiply-adds.
    private func grain(width: Int) -> Int { max(1, (1 << 20) / (width * size)) }

    /// What `hb_grouped_rows` reads: panels of sixteen outputs.
    private func packed(_ weight: Tensor<Float>) -> Storage<Float> {
        let packed = Storage<Float>(count: size)
        let inner = taps * inputs
        weight.blockDiagonal(groups: old, merging: merging).read { w in
            for panel in stride(from: 0, to: groups * outputs * inner, by: 16 * inner) {
                hb_copy_strided(w + panel, 1, inner, packed.pointer + panel, 16, inner, 16)
            }
        }
        return packed
    }

    /// What `hb_grouped_input_rows` reads: panels of sixteen inputs.
    private func turned(_ weight: Tensor<Float>) -> Storage<Float> {
        let packed = Storage<Float>(count: size)
        var to = packed.pointer
        weight.blockDiagonal(groups: old, merging: merging).read { w in
            for group in stride(from: 0, to: size, by: outputs * taps * inputs) {
                for first in stride(from: 0, to: inputs, by: 16) {
                    for tap in 0..<taps {
                        Float.copyColumns(
                            w + group + tap * inputs + first, taps * inputs, to, 16, outputs, 16)
                        to += 16 * outputs
                    }
                }
            }
        }
        return packed
    }

    func convolution(_ x: Tensor<Float>, _ weight: Tensor<Float>, _ bias: Tensor<Float>?) -> Tensor<Float> {
        let (packed, offsets) = (packed(weight), bias?.start)
        defer { withExtendedLifetime((packed, bias)) {} }
        return Tensor([images, window.out_height, window.out_width, groups * outputs]) { y in
            x.read { x in
                parallelFor(images * window.out_height, grain: grain(width: window.out_width)) { rows in
                    withUnsafePointer(to: window) {
                        hb_grouped_rows(
                            x, $0, groups, inputs, outputs, packed.pointer, offsets, rows.lowerBound, rows.upperBound,
                            y)
                    }
                }
            }
        }
    }

    func inputGradient(_ g: Tensor<Float>, _ weight: Tensor<Float>) -> Tensor<Float> {
        let packed = turned(weight)
        defer { withExtendedLifetime(packed) {} }
        return Tensor(input) { dx in
            g.read { g in
                parallelFor(images * window.height, grain: grain(width: window.out_width)) { rows in
                    withUnsafePointer(to: window) {
                        hb_grouped_input_rows(
                            g, $0, groups, inputs, outputs, packed.pointer, rows.lowerBound, rows.upperBound, dx)
                    }
                }
            }
        }
    }

    /// The sums over fixed chunks of rows are added in order.
    func weightGradient(_ x: Tensor<Float>, _ g: Tensor<Float>, _ weight: Shape) -> Tensor<Float> {
        let rows = images * window.out_height
        let grain = max(grain(width: window.out_width), (rows + 15) / 16)
        let chunks = chunkCount(rows, grain: grain)
        let sums = Storage<Float>(count: chunks * size)
        return Tensor<Float>(weight.replacing(axis: -1, with: inputs)) { dw in
            withElements(x, g) { x, g in
                parallelFor(rows, grain: grain) { rows in
                    let own = sums.pointer + rows.lowerBound / grain * size
                    clear(own, size)
                    withUnsafePointer(to: window) {
                        hb_grouped_weight_gradient(
                            x, g, $0, groups, inputs, outputs, rows.lowerBound, rows.upperBound, own)
                    }
                }
            }
            Float.sumRows(sums.pointer, stride: size, dw, chunks, size)
        }.diagonalBlocks(of: weight, groups: old, merging: merging)
    }
}

extension Tensor {
    /// As `groupedConvolution`, where there are panels for it.
    func panelConvolution(_ weight: Tensor, _ bias: Tensor?, _ window: Window, groups: Int) -> Tensor? {
        guard let x = self as? Tensor<Float>, let weight = weight as? Tensor<Float>,
            let panels = GroupPanels(window, map: shape, weight: weight.shape, groups: groups)
        else { return nil }
        return panels.convolution(x, weight, bias as? Tensor<Float>) as? Tensor
    }

    /// As `groupedConvolutionInputGradient`, where there are panels for it.
    func panelInputGradient(_ weight: Tensor, _ window: Window, input: Shape, groups: Int) -> Tensor? {
        guard let g = self as? Tensor<Float>, let weight = weight as? Tensor<Float>,
            let panels = GroupPanels(window, map: input, weight: weight.shape, groups: groups)
        else { return nil }
        return panels.inputGradient(g, weight) as? Tensor
    }

    /// As `groupedConvolutionWeightGradient`, where there are panels for it.
    func panelWeightGradient(_ x: Tensor, _ window: Window, weight: Shape, groups: Int) -> Tensor? {
        guard let g = self as? Tensor<Float>, let x = x as? Tensor<Float>,
            let panels = GroupPanels(window, map: x.shape, weight: weight, groups: groups)
        else { return nil }
        return panels.weightGradient(x, g, weight) as? Tensor
    }
}
