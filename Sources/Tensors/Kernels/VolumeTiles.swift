import CKernels

/// Convolutions of volumes by tiles whose slices are transformed once for all windows that reach them. A block has some
/// tiles of all slices, whose channels lie one slice behind the other, so that a window reads the channels of one map.
struct VolumeTiles {
    /// Volumes, and the slices of each that are read and made.
    let volumes: Int
    let deep: Int
    let results: Int
    /// The slices that the first one of the result meets, one after the other, and how far the next one's are.
    let shifts: [Int]
    let step: Int
    /// Of a slice: rows and columns, channels that are read and made.
    let size: Pair
    let inputs: Int
    let outputs: Int

    /// None where a few tiles of a volume would leave a second-level cache.
    init?(_ slices: TileLayout.Slices, volumes: Int, size: Pair, inputs: Int, outputs: Int) {
        let distance = slices.shifts.count > 1 ? slices.shifts[1] - slices.shifts[0] : 1
        guard inputs % 32 == 0, abs(distance) == 1, slices.deep * (inputs + 32) <= 1100,
            slices.results * (inputs + 32) <= 1100
        else { return nil }
        (self.volumes, deep, results, shifts, step) = (volumes, slices.deep, slices.results, slices.shifts, slices.step)
        (self.size, self.inputs, self.outputs) = (size, inputs, outputs)
    }

    private var down: Int { (size.height + 3) / 4 }
    private var across: Int { (size.width + 3) / 4 }
    private var total: Int { volumes * down * across }
    private var inner: Int { shifts.count * inputs }
    private var places: Int { Int(HB_WINOGRAD_PLACES) }

    /// The tiles of a slice of each volume.
    private func map(_ slice: Int, of deep: Int) -> hb_tiling {
        hb_tiling(
            height: size.height, width: size.width, down: down, across: across, slices: 1, deep: deep, step: 0,
            shift: slice, apart: 1, whole_height: size.height, whole_width: size.width)
    }

    /// Where a slice lies among those that are read: in the order of the taps.
    private func position(_ slice: Int) -> Int {
        shifts.count > 1 && shifts[1] < shifts[0] ? deep - 1 - slice : slice
    }

    /// The taps that slice `result` of the result meets within the volume.
    private func taps(_ result: Int) -> Range<Int> {
        let met = shifts.indices.filter { 0..<deep ~= result * step + shifts[$0] }
        return met.isEmpty ? 0..<0 : met[0]..<met[met.count - 1] + 1
    }

    /// As `tiledConvolution`; nothing where numbers are no floats.
    func convolution<S>(
        _ x: Tensor<S>, _ weight: Tensor<S>, _ bias: Tensor<S>?, turned: Bool, _ output: Shape
    ) -> Tensor<S>? {
        guard let x = x as? Tensor<Float>, let weight = weight as? Tensor<Float> else { return nil }
        let bias = bias as? Tensor<Float>
        defer { withExtendedLifetime(bias) {} }
        return Tensor<Float>(output) { y in
            withElements(x, weight) { convolution($0, $1, bias?.start, turned: turned, into: y) }
        } as? Tensor<S>
    }

    private func convolution(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, turned: Bool,
        into y: UnsafeMutablePointer<Float>
    ) {
        let panels = chunkCount(outputs, grain: 32)
        let panelRoom = Tiling.room(inner * hb_winograd_width(outputs))
        let transformed = Storage<Float>(count: panels * panelRoom)
        let u = transformed.pointer
        let (rows, columns) = turned ? (inner, outputs) : (outputs, inner)
        parallelFor(panels, grain: max(1, 128 / inner)) { range in
            for panel in range {
                hb_winograd_weight(weight, rows, columns, turned ? 1 : 0, 32 * panel, u + panel * panelRoom)
            }
        }
        let block = min(total, 14)
        let blocks = chunkCount(total, grain: block)
        let inputRoom = Tiling.room(tiles: block, channels: deep * inputs)
        let productRoom = Tiling.room(block * 32)
        let met = (0..<results).map { taps($0) }
        Tiling.reserve([inputRoom, results * productRoom], chunks: blocks)
        parallelFor(blocks, grain: 1) { range in
            let (v, m) = (Tiling.scratch(inputRoom), Tiling.scratch(results * productRoom))
            for index in range {
                let first = index * block
                let count = min(block, total - first)
                transform(x, first..<first + count, into: v.pointer)
                let distance = hb_winograd_tiles(count, deep * inputs)
                for panel in 0..<panels {
                    let width = hb_winograd_width(outputs - 32 * panel)
                    let room = hb_winograd_distance(count * width)
                    for place in 0..<places {
                        let own = u + panel * panelRoom + place * hb_winograd_distance(inner * width)
                        for (result, taps) in met.enumerated() {
                            let slice = taps.isEmpty ? 0 : result * step + shifts[taps.lowerBound]
                            hb_panel_product(
                                count, 32, taps.count * inputs,
                                v.pointer + place * distance + position(slice) * inputs * count,
                                own + taps.lowerBound * inputs * width, width,
                                m.pointer + result * productRoom + place * room)
                        }
                    }
                    for result in 0..<results {
                        withUnsafePointer(to: map(result, of: results)) {
                            hb_winograd_output(
                                m.pointer + result * productRoom, room, width, $0, outputs, 32 * panel,
                                min(32, outputs - 32 * panel), first, count, bias.map { $0 + 32 * panel }, y)
                        }
                    }
                }
            }
        }
        withExtendedLifetime(transformed) {}
    }

    /// The tiles of all slices.
    private func transform(_ x: UnsafePointer<Float>, _ tiles: Range<Int>, into v: UnsafeMutablePointer<Float>) {
        for slice in 0..<deep {
            let target = hb_tile_target(
                v: v, at: 0, total: tiles.count, channel: position(slice) * inputs, channels: deep * inputs)
            withUnsafePointer(to: map(slice, of: deep)) {
                hb_winograd_input(x, $0, inputs, inputs, tiles.lowerBound, tiles.count, target)
            }
        }
    }
}

extension VolumeTiles {
    /// The most outputs of a task; it has 32 inputs.
    private static let side = 64

    /// As `tiledWeightGradient`, where a slice of the result follows what the one before it does: [outputs, 9, taps, inputs].
    func weightGradient<S>(_ x: Tensor<S>, _ g: Tensor<S>) -> Tensor<S>? {
        guard step == 1, let x = x as? Tensor<Float>, let g = g as? Tensor<Float> else { return nil }
        return Tensor<Float>([outputs, 9, shifts.count, inputs]) { dw in
            withElements(x, g) { weightGradient($0, $1, into: dw) }
        } as? Tensor<S>
    }

    private func weightGradient(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>
    ) {
        let across = inputs / 32
        let pieces = across * chunkCount(outputs, grain: Self.side)
        let rows = min(outputs, Self.side)
        let tapRoom = Tiling.room(rows * 32)
        let size = shifts.count * tapRoom
        let block = min(total, max(4, min(28, 280_000 / (places * (deep * 32 + results * rows)))))
        let share = max(block, chunkCount(total, grain: max(1, 8 / pieces)))
        let shares = chunkCount(total, grain: share)
        let partials = Storage<Float>(count: pieces * shares * size)
        let inputRoom = Tiling.room(tiles: deep * block, channels: 32)
        let gradientRoom = Tiling.room(tiles: results * block, channels: rows)
        Tiling.reserve([inputRoom, gradientRoom], chunks: pieces * shares)
        parallelFor(pieces * shares, grain: 1) { range in
            let (v, h) = (Tiling.scratch(inputRoom), Tiling.scratch(gradientRoom))
            for task in range {
                let (piece, first) = (task / shares, task % shares * share)
                let (output, input) = (piece / across * Self.side, piece % across * 32)
                let sums = partials.pointer + task * size
                forEachBlock(first..<min(first + share, total), block) { tiles in
                    add(
                        x + input, g + output, min(Self.side, outputs - output), tiles,
                        isFirst: tiles.lowerBound == first, v.pointer, h.pointer, into: sums, tapRoom: tapRoom)
                }
            }
        }
        if shares > 1 {
            for piece in 0..<pieces {
                let sums = partials.pointer + piece * shares * size
                parallelFor(size, grain: elementGrain) { range in
                    for other in 1..<shares {
                        Float.accumulate(sums + other * size + range.lowerBound, sums + range.lowerBound, range.count)
                    }
                }
            }
        }
        let stride = shifts.count * inputs
        parallelFor(pieces * shifts.count, grain: 1) { range in
            for index in range {
                let (piece, tap) = (index / shifts.count, index % shifts.count)
                let (output, input) = (piece / across * Self.side, piece % across * 32)
                hb_winograd_weight_gradient(
                    partials.pointer + piece * shares * size + tap * tapRoom, min(Self.side, outputs - output), 32,
                    stride, dw + output * 9 * stride + tap * inputs + input)
            }
        }
    }

    /// Adds the products of some tiles of all slices: for each tap, those of the slices that meet.
    private func add(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ rows: Int, _ tiles: Range<Int>, isFirst: Bool,
        _ v: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>, into sums: UnsafeMutablePointer<Float>,
        tapRoom: Int
    ) {
        let count = tiles.count
        for slice in 0..<deep {
            let target = hb_tile_target(v: v, at: slice * count, total: deep * count, channel: 0, channels: 32)
            withUnsafePointer(to: map(slice, of: deep)) {
                hb_winograd_input(x, $0, inputs, 32, tiles.lowerBound, count, target)
            }
        }
        for slice in 0..<results {
            let target = hb_tile_target(v: h, at: slice * count, total: results * count, channel: 0, channels: rows)
            withUnsafePointer(to: map(slice, of: results)) {
                hb_winograd_gradient(g, $0, outputs, rows, tiles.lowerBound, count, target)
            }
        }
        let width = hb_winograd_width(rows)
        for place in 0..<places {
            let right = v + place * hb_winograd_tiles(deep * count, 32)
            let left = h + place * hb_winograd_tiles(results * count, rows)
            for (tap, shift) in shifts.enumerated() {
                let some = max(0, -shift)..<max(max(0, -shift), min(results, deep - shift))
                hb_panel_sum(
                    some.count * count, rows, left + some.lowerBound * count * width, width, results * count, 32,
                    right + (some.lowerBound + shift) * count * 32, 32, deep * count, isFirst ? 0 : 1,
                    sums + tap * tapRoom + place * hb_winograd_distance(rows * 32))
            }
        }
    }
}
