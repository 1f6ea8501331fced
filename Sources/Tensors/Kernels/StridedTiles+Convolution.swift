import CKernels

/// Products of transformed tiles with a transformed weight, in panels of 32 columns; the last one of 16 where no more are
/// left.
private struct StridedProduct {
    let columns: Int
    /// Elements of a panel of 32 columns, and of the last one, by place.
    private let whole: PlaceRoom
    private let last: PlaceRoom

    /// Rows of the weight at each place, and columns.
    init(rows: [Int], columns: Int) {
        self.columns = columns
        whole = PlaceRoom(rows.map { $0 * 32 })
        let width = hb_winograd_width((columns - 1) % 32 + 1)
        last = PlaceRoom(rows.map { $0 * width })
    }

    var panels: Int { chunkCount(columns, grain: 32) }
    var count: Int { (panels - 1) * whole.count + last.count }

    func width(_ panel: Int) -> Int { hb_winograd_width(columns - 32 * panel) }
    func starts(_ panel: Int) -> [Int] { panel == panels - 1 ? last.starts : whole.starts }
    /// Where a panel begins.
    func start(_ panel: Int) -> Int { panel * whole.count }

    /// Elements of the products of so many tiles with a panel.
    func room(_ tiles: Int) -> Int { Int(HB_STRIDED_PLACES) * hb_winograd_distance(tiles * 32) }
}

extension StridedTiles {
    /// The elements of a kernel and of the taps within a slice, of each input.
    private var kernelSize: Int { window.kernel.depth * kernel * kernel * inputs }

    /// x, weight [out, kd, k, k, in / groups], bias [out] -> the result.
    func convolution(_ x: Tensor<Float>, _ weight: Tensor<Float>, _ bias: Tensor<Float>?) -> Tensor<Float> {
        let (taps, inner) = (window.kernel.depth, window.kernel.depth * inputs)
        // [group][slice, row, column, input][output]
        let side = weight.blockDiagonal(groups: old, merging: merging)
            .reshaped([groups, outputs, kernelSize]).transposed([0, 2, 1])
        let product = StridedProduct(rows: plane.ranges.map { $0.count * inner }, columns: outputs)
        let transformed = Storage<Float>(count: groups * product.count)
        let u = transformed.pointer
        side.read { side in
            parallelFor(groups * product.panels * 4, grain: max(1, 64 / inner)) { range in
                for index in range {
                    let (group, panel, phase) = (
                        index / (product.panels * 4), index / 4 % product.panels, index % 4
                    )
                    let (width, starts) = (product.width(panel), product.starts(panel))
                    for tap in 0..<taps {
                        let places = zip(starts, plane.ranges).map { start, range in
                            start + ((phase - range.lowerBound) * taps + tap) * inputs * width
                        }
                        let from = (group * taps + tap) * kernel * kernel * inputs * outputs + 32 * panel
                        hb_strided_weight(
                            side + from, inputs, outputs,
                            plane.phases[phase].row.steps(kernel * inputs * outputs, isAdjoint: false),
                            plane.phases[phase].column.steps(inputs * outputs, isAdjoint: false),
                            outputs - 32 * panel, width, places,
                            u + group * product.count + product.start(panel))
                    }
                }
            }
        }
        defer { withExtendedLifetime((transformed, bias)) {} }
        return Tensor(output) { y in
            x.read { x in multiply(x, u, product, bias?.start, into: y) }
        }
    }

    private func multiply(
        _ x: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ product: StridedProduct, _ bias: UnsafePointer<Float>?,
        into y: UnsafeMutablePointer<Float>
    ) {
        let (slices, height, columns, channels) = (output[1], output[2], output[3], output[4])
        let maps = (0..<window.kernel.depth).map {
            map(
                height, columns, reading: input, slices: slices, step: window.stride.depth,
                shift: $0 * window.dilation.depth - window.padding.depth)
        }
        let inner = window.kernel.depth * inputs
        let total = input[0] * slices * maps[0].down * maps[0].across
        let size = block(total, elements: places * 4 * inner)
        let blocks = chunkCount(total, grain: size)
        let result = hb_strided_result(
            rows: height, columns: columns, line: columns * channels, step: channels, slices: 1,
            volume: height * columns * channels, slice: 0)
        let (inputRoom, productRoom) = (places * hb_winograd_distance(size * 4 * inner), product.room(size))
        Tiling.reserve([inputRoom, product.panels * productRoom], chunks: groups * blocks)
        parallelFor(groups * blocks, grain: 1) { range in
            let (v, m) = (Tiling.scratch(inputRoom), Tiling.scratch(product.panels * productRoom))
            for index in range {
                let (group, first) = (index % groups, index / groups * size)
                let count = min(size, total - first)
                let distance = hb_winograd_distance(count * 4 * inner)
                for (number, phase) in plane.phases.enumerated() {
                    for (tap, map) in maps.enumerated() {
                        let target = hb_strided_target(
                            v: v.pointer + (number * maps.count + tap) * inputs * count, total: count,
                            width: Self.width(inputs), distance: distance)
                        withUnsafePointer(to: map) {
                            hb_strided_input(
                                x + group * inputs, $0, input[4], inputs, phase.row.samples, phase.column.samples,
                                first,
                                count, target)
                        }
                    }
                }
                for (place, some) in plane.ranges.enumerated() {
                    for panel in 0..<product.panels {
                        let width = product.width(panel)
                        hb_panel_product(
                            count, Self.width(inputs), some.count * inner,
                            v.pointer + place * distance + some.lowerBound * inner * count,
                            u + group * product.count + product.start(panel) + product.starts(panel)[place], width,
                            m.pointer + panel * productRoom + place * hb_winograd_distance(count * width))
                    }
                }
                for panel in 0..<product.panels {
                    let (width, column) = (product.width(panel), group * outputs + 32 * panel)
                    withUnsafePointer(to: maps[0]) { map in
                        withUnsafePointer(to: result) {
                            hb_strided_output(
                                m.pointer + panel * productRoom, hb_winograd_distance(count * width), width, 5, 5, map,
                                $0, min(32, outputs - 32 * panel), first, count, bias.map { $0 + column }, y + column)
                        }
                    }
                }
            }
        }
    }
}

extension StridedTiles {
    /// The gradient of the input for the gradient g of the result, plus a bias [in].
    func inputGradient(_ g: Tensor<Float>, _ weight: Tensor<Float>, _ bias: Tensor<Float>?) -> Tensor<Float> {
        let weight = weight.blockDiagonal(groups: old, merging: merging)
        let slices = AxisPhase.all(
            extent: input[1], kernel: window.kernel.depth, stride: window.stride.depth, padding: window.padding.depth,
            dilation: window.dilation.depth)
        defer { withExtendedLifetime(bias) {} }
        return Tensor(input) { dx in
            withElements(g, weight) { g, weight in
                for slices in slices { inputGradient(g, weight, bias?.start, slices, into: dx) }
            }
        }
    }

    /// The same for the slices of a phase of the third axis.
    private func inputGradient(
        _ g: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, _ slices: AxisPhase,
        into dx: UnsafeMutablePointer<Float>
    ) {
        let inner = slices.taps.count * outputs
        let product = StridedProduct(rows: [Int](repeating: inner, count: places), columns: inputs)
        let transformed = Storage<Float>(count: groups * 4 * product.count)
        let u = transformed.pointer
        parallelFor(groups * 4 * product.panels, grain: max(1, 64 / inner)) { range in
            for index in range {
                let (group, phase, panel) = (
                    index / (4 * product.panels), index / product.panels % 4, index % product.panels
                )
                let width = product.width(panel)
                for (number, tap) in slices.taps.enumerated() {
                    hb_strided_weight(
                        weight + group * outputs * kernelSize + tap * kernel * kernel * inputs + 32 * panel, outputs,
                        kernelSize, plane.phases[phase].row.steps(kernel * inputs, isAdjoint: true),
                        plane.phases[phase].column.steps(inputs, isAdjoint: true), inputs - 32 * panel, width,
                        product.starts(panel).map { $0 + number * outputs * width },
                        u + (group * 4 + phase) * product.count + product.start(panel))
                }
            }
        }
        multiply(g, u, product, bias, slices, into: dx)
        withExtendedLifetime(transformed) {}
    }

    private func multiply(
        _ g: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ product: StridedProduct, _ bias: UnsafePointer<Float>?,
        _ slices: AxisPhase, into dx: UnsafeMutablePointer<Float>
    ) {
        let maps = slices.taps.indices.map {
            map(
                (input[2] + 1) / 2, (input[3] + 1) / 2, reading: output, slices: slices.count,
                shift: $0 * slices.dilation - slices.padding)
        }
        let (inner, channels) = (maps.count * outputs, output[4])
        let total = input[0] * slices.count * maps[0].down * maps[0].across
        let size = block(total, elements: places * inner)
        let blocks = chunkCount(total, grain: size)
        let (inputRoom, productRoom) = (places * hb_winograd_distance(size * inner), product.room(size))
        Tiling.reserve([inputRoom, productRoom], chunks: groups * blocks)
        parallelFor(groups * blocks, grain: 1) { range in
            let (v, m) = (Tiling.scratch(inputRoom), Tiling.scratch(productRoom))
            for index in range {
                let (group, first) = (index % groups, index / groups * size)
                let count = min(size, total - first)
                let distance = hb_winograd_distance(count * inner)
                for (number, phase) in plane.phases.enumerated() {
                    // The phases of a 3x3 kernel read the same results.
                    if number == 0 || kernel == 4 {
                        for (tap, map) in maps.enumerated() {
                            let target = hb_strided_target(
                                v: v.pointer + tap * outputs * count, total: count, width: Self.width(outputs),
                                distance: distance)
                            withUnsafePointer(to: map) {
                                hb_strided_input(
                                    g + group * outputs, $0, channels, outputs, phase.row.results, phase.column.results,
                                    first, count, target)
                            }
                        }
                    }
                    for panel in 0..<product.panels {
                        let (width, starts) = (product.width(panel), product.starts(panel))
                        let room = hb_winograd_distance(count * width)
                        let own = u + (group * 4 + number) * product.count + product.start(panel)
                        for place in 0..<places where place / 5 < phase.row.places && place % 5 < phase.column.places {
                            hb_panel_product(
                                count, Self.width(outputs), inner, v.pointer + place * distance, own + starts[place],
                                width, m.pointer + place * room)
                        }
                        finish(
                            m.pointer, room, panel, maps[0], phase, slices, group, first..<first + count, bias, into: dx
                        )
                    }
                }
            }
        }
    }

    /// The pixels of a phase, from the products with a panel of the weight.
    private func finish(
        _ m: UnsafePointer<Float>, _ distance: Int, _ panel: Int, _ map: hb_tiling,
        _ phase: (row: StridedPhase, column: StridedPhase), _ slices: AxisPhase, _ group: Int, _ tiles: Range<Int>,
        _ bias: UnsafePointer<Float>?, into dx: UnsafeMutablePointer<Float>
    ) {
        let (height, columns, channels) = (input[2], input[3], input[4])
        let result = hb_strided_result(
            rows: (height - phase.row.first + 1) / 2, columns: (columns - phase.column.first + 1) / 2,
            line: 2 * columns * channels, step: 2 * channels, slices: slices.count,
            volume: input[1] * height * columns * channels, slice: window.stride.depth * height * columns * channels)
        let (width, column) = (hb_winograd_width(inputs - 32 * panel), group * inputs + 32 * panel)
        let start = ((slices.first * height + phase.row.first) * columns + phase.column.first) * channels
        withUnsafePointer(to: map) { map in
            withUnsafePointer(to: result) {
                hb_strided_output(
                    m, distance, width, Int32(phase.row.places), Int32(phase.column.places), map, $0,
                    min(32, inputs - 32 * panel), tiles.lowerBound, tiles.count, bias.map { $0 + column },
                    dx + start + column)
            }
        }
    }
}

extension StridedPhase {
    /// What a tile of four pixels of the phase reads of the result.
    fileprivate var results: hb_samples { hb_samples(first: shift, apart: 1, tile: 4, count: 5) }
}
