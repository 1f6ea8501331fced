import CKernels

// The elements of a convolution's input that lie a stride apart meet the same taps. They are a phase, and their gradient is a
// convolution of the result's gradient with those taps, written where the phase is: nothing is added up twice, and rows are
// shared among threads. A transposed convolution is the same.

/// Some positions of an axis, a stride apart, and the taps that meet them.
struct AxisPhase {
    let first: Int
    let count: Int
    /// In the order in which the result is read.
    let taps: [Int]
    /// Of the convolution that reads the result; below 0 where its first window begins later.
    let padding: Int
    let dilation: Int

    static func all(extent: Int, kernel: Int, stride step: Int, padding: Int, dilation: Int) -> [AxisPhase] {
        var (common, rest) = (step, dilation)
        while rest != 0 { (common, rest) = (rest, common % rest) }
        return (0..<min(step, extent)).map { first in
            let count = (extent - first + step - 1) / step
            let met = (0..<min(kernel, step / common)).first { (first + padding - $0 * dilation) % step == 0 }
            guard let met else { return AxisPhase(first: first, count: count, taps: [], padding: 0, dilation: 1) }
            let taps = Array(stride(from: met, to: kernel, by: step / common).reversed())
            let place = (first + padding - met * dilation) / step
            return AxisPhase(
                first: first, count: count, taps: taps, padding: (taps.count - 1) * (dilation / common) - place,
                dilation: dilation / common)
        }
    }
}

extension Tensor {
    /// For self = g [N, D', H', W', out]: the gradient of the input of a convolution of a weight
    /// [out, kd, kh, kw, in / groups], whose shape is `input`, plus a bias [in].
    func convolutionByPhases(
        _ weight: Tensor, _ bias: Tensor?, _ window: VolumeWindow, input: Shape, groups: Int
    ) -> Tensor {
        func axis(_ number: Int, _ part: KeyPath<Triple, Int>) -> [AxisPhase] {
            AxisPhase.all(
                extent: input[number], kernel: window.kernel[keyPath: part], stride: window.stride[keyPath: part],
                padding: window.padding[keyPath: part], dilation: window.dilation[keyPath: part])
        }
        let merging = mergedGroups(groups, width: weight.shape[4], most: 32)
        let weight = weight.blockDiagonal(groups: groups, merging: merging)
        let (planes, rows, columns) = (axis(1, \.depth), axis(2, \.height), axis(3, \.width))
        defer { withExtendedLifetime(bias) {} }
        return Tensor(input) { dx in
            read { g in
                for plane in planes {
                    for row in rows {
                        for column in columns {
                            let phase = ConvolutionPhase<S>(
                                plane, row, column, g: shape, input: input, stride: window.stride,
                                groups: groups / merging)
                            phase.run(g, weight, bias?.start, into: dx)
                        }
                    }
                }
            }
        }
    }
}

/// A phase of all three axes.
private struct ConvolutionPhase<S: Scalar> {
    private let axes: [AxisPhase]
    private let plan: ConvolutionPlan
    private let input: Shape
    private let stride: Triple

    init(
        _ plane: AxisPhase, _ row: AxisPhase, _ column: AxisPhase, g: Shape, input: Shape, stride: Triple, groups: Int
    ) {
        axes = [plane, row, column]
        self.input = input
        self.stride = stride
        let geometry = hb_window(
            depth: g[1], height: g[2], width: g[3], channels: g[4], out_depth: plane.count, out_height: row.count,
            out_width: column.count, kernel_depth: plane.taps.count, kernel_height: row.taps.count,
            kernel_width: column.taps.count, stride_depth: 1, stride_height: 1, stride_width: 1,
            padding_depth: plane.padding, padding_height: row.padding, padding_width: column.padding,
            dilation_depth: plane.dilation, dilation_height: row.dilation, dilation_width: column.dilation)
        plan = ConvolutionPlan(
            geometry, planes: g[0] * plane.count, inputs: g[4] / groups, outputs: input[4] / groups, groups: groups,
            isPoint: axes.allSatisfy { $0.taps.count == 1 && $0.padding == 0 }
                && [plane.count, row.count, column.count] == g.dimensions[1...3].map { $0 })
    }

    /// The taps of the phase as the right operand of products for a group: [tap][out] by in.
    private func matrix(_ weight: Tensor<S>, _ group: Int) -> Tensor<S> {
        let (kernel, columns) = (weight.shape, plan.outputs)
        let taps = kernel[1] * kernel[2] * kernel[3]
        let numbers = axes[0].taps.flatMap { d in
            axes[1].taps.flatMap { i in axes[2].taps.map { j in (d * kernel[2] + i) * kernel[3] + j } }
        }
        return Tensor<S>([plan.inner, columns]) { matrix in
            weight.read { w in
                for (row, tap) in numbers.enumerated() {
                    S.copyColumns(
                        w + (group * plan.inputs * taps + tap) * columns, taps * columns,
                        matrix + row * plan.inputs * columns, columns, plan.inputs, columns)
                }
            }
        }
    }

    /// Where a row of the phase begins in dx.
    private func place(_ row: Int) -> Int {
        let (plane, line) = (row / axes[1].count, row % axes[1].count)
        let (volume, slice) = (plane / axes[0].count, plane % axes[0].count)
        let depth = volume * input[1] + axes[0].first + slice * stride.depth
        let height = depth * input[2] + axes[1].first + line * stride.height
        return (height * input[3] + axes[2].first) * input[4]
    }

    func run(
        _ g: UnsafePointer<S>, _ weight: Tensor<S>, _ bias: UnsafePointer<S>?, into dx: UnsafeMutablePointer<S>
    ) {
        guard plan.inner > 0 else { return fill(bias, dx) }
        let matrices = (0..<plan.groups).map { matrix(weight, $0) }
        let operands = matrices.map {
            ProductOperand($0.start, stride: plan.outputs, transposed: false, inner: plan.inner, columns: plan.outputs)
        }
        defer { withExtendedLifetime(matrices) {} }
        let apart = stride.width * input[4]
        // Rows that follow each other in the phase do so in dx, too.
        let isWhole = stride == 1
        plan.reserve(S.self, chunkCount(plan.rows, grain: plan.grain))
        parallelFor(plan.rows, grain: plan.grain) { task in
            let room: Storage<S> = plan.room()
            plan.eachBlock(task) { rows in
                for group in 0..<plan.groups {
                    let offsets = bias.map { $0 + group * plan.outputs }
                    plan.withPatches(g, rows, group, room.pointer) { patches, distance in
                        let product = { (lines: Range<Int>) in
                            let first = (lines.lowerBound - rows.lowerBound) * plan.width
                            operands[group].product(
                                lines.count * plan.width, patches + first * distance, stride: distance, bias: offsets,
                                into: dx + place(lines.lowerBound) + group * plan.outputs, strideC: apart)
                        }
                        if isWhole {
                            product(rows)
                        } else {
                            for row in rows { product(row..<row + 1) }
                        }
                    }
                }
            }
        }
    }

    /// No tap meets the phase.
    private func fill(_ bias: UnsafePointer<S>?, _ dx: UnsafeMutablePointer<S>) {
        let channels = input[4]
        parallelFor(plan.rows, grain: max(1, elementGrain / (plan.width * channels))) { rows in
            for row in rows {
                for column in 0..<plan.width {
                    let to = dx + place(row) + column * stride.width * channels
                    if let bias { to.update(from: bias, count: channels) } else { clear(to, channels) }
                }
            }
        }
    }
}
