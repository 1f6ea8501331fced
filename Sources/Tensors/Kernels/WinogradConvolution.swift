import CKernels

/// A convolution by tiles: the tiles of a block are transformed, multiplied with the transformed weight and transformed
/// back.
struct TiledConvolution {
    let tiling: Tiling
    /// Channels of the parts of the input, and of all.
    let inputs: [Range<Int>]
    let inner: Int
    /// Channels of the parts of the result, and of all, which are taken in panels of 32.
    let outputs: [Range<Int>]
    let columns: Int
    /// Tiles of a block.
    let block: Int
    /// Whether the transformed weight stays in a second-level cache, so that a task does all of a block.
    let isSmall: Bool

    init(_ input: Shape, inputs: [Int], outputs: [Int], layout: TileLayout? = nil) {
        tiling = Tiling(input, layout: layout)
        self.inputs = consecutiveRanges(inputs)
        inner = input[3]
        self.outputs = consecutiveRanges(outputs)
        columns = outputs.reduce(0, +)
        isSmall = inner * columns <= 1 << 14
        let most = isSmall && inner > 64 ? 28 : 56
        var blocks = (tiling.count + most - 1) / most
        if isSmall, blocks < 8 { blocks = (blocks + 1) / 2 * 2 }
        block = max(1, (tiling.count + blocks - 1) / max(1, blocks))
    }

    private var panels: Int { (columns + 31) / 32 }
    private var panelRoom: Int { Tiling.room(inner * hb_winograd_width(columns)) }
    private var inputRoom: Int { Tiling.room(tiles: block, channels: inner) }
    private var productRoom: Int { Tiling.room(block * 32) }
    private var blocks: Int { chunkCount(tiling.count, grain: block) }

    private func tiles(_ block: Int) -> Range<Int> { block * self.block..<min(tiling.count, (block + 1) * self.block) }

    func run(
        _ x: [UnsafePointer<Float>], _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, turned: Bool,
        into y: [UnsafeMutablePointer<Float>]
    ) {
        let (rows, taps) = turned ? (inner, columns) : (columns, inner)
        func transform(_ panel: Int, _ u: UnsafeMutablePointer<Float>) {
            hb_winograd_weight(weight, rows, taps, turned ? 1 : 0, 32 * panel, u)
        }
        if !isSmall, blocks == 1 {
            byPanels(x, bias, y, transform: transform)
            return
        }
        // So many panels at a time that the transformed weight takes 16 MB at most.
        let groups = isSmall ? 1 : chunkCount(panels * panelRoom, grain: 1 << 22)
        forEachBlock(0..<panels, chunkCount(panels, grain: groups)) { some in
            let transformed = Storage<Float>(count: some.count * panelRoom)
            let u = transformed.pointer
            parallelFor(some.count, grain: max(1, 128 / inner)) { range in
                for panel in range { transform(some.lowerBound + panel, u + panel * panelRoom) }
            }
            if isSmall { byBlocks(x, u, bias, y) } else { byPlaces(some, x, u, bias, y) }
            withExtendedLifetime(transformed) {}
        }
    }

    /// The same for groups of channels that lie beside each other and have a weight each.
    func run(
        groups: Int, _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        turned: Bool, into y: UnsafeMutablePointer<Float>
    ) {
        let size = columns * 9 * inner
        guard isSmall else {
            for group in 0..<groups {
                run(
                    [x + group * inner], weight + group * size, bias.map { $0 + group * columns }, turned: turned,
                    into: [y + group * columns])
            }
            return
        }
        let (rows, taps) = turned ? (inner, columns) : (columns, inner)
        let transformed = Storage<Float>(count: groups * panels * panelRoom)
        let u = transformed.pointer
        parallelFor(groups * panels, grain: max(1, 128 / inner)) { range in
            for index in range {
                hb_winograd_weight(
                    weight + index / panels * size, rows, taps, turned ? 1 : 0, 32 * (index % panels),
                    u + index * panelRoom)
            }
        }
        byBlocks([x], u, bias, [y], groups: groups)
        withExtendedLifetime(transformed) {}
    }

    /// With a small weight, block by block; the groups of a block after each other, since they share lines of a cache.
    private func byBlocks(
        _ x: [UnsafePointer<Float>], _ u: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ y: [UnsafeMutablePointer<Float>], groups: Int = 1
    ) {
        Tiling.reserve([inputRoom, productRoom], chunks: blocks)
        parallelFor(blocks, grain: max(1, (1 << 12) / (groups * inner * block * panels))) { range in
            let (v, m) = (Tiling.scratch(inputRoom), Tiling.scratch(productRoom))
            for block in range {
                let tiles = tiles(block)
                for group in 0..<groups {
                    let bias = bias.map { $0 + group * columns }
                    let (x, y) = (x.map { $0 + group * inner }, y.map { $0 + group * columns })
                    tiling.input(x, parts: inputs, 0..<inner, tiles, into: v.pointer, of: tiles.count)
                    for panel in 0..<panels {
                        multiply(
                            v.pointer, u + (group * panels + panel) * panelRoom, panel, tiles, m.pointer, bias, y)
                    }
                }
            }
        }
    }

    /// Where one block is all there is: each task has a panel of the weight, and transforms it itself.
    private func byPanels(
        _ x: [UnsafePointer<Float>], _ bias: UnsafePointer<Float>?, _ y: [UnsafeMutablePointer<Float>],
        transform: (_ panel: Int, _ u: UnsafeMutablePointer<Float>) -> Void
    ) {
        let all = 0..<tiling.count
        let v = transformed(x, all)
        Tiling.reserve([productRoom, panelRoom], chunks: panels)
        parallelFor(panels, grain: 1) { range in
            let (m, u) = (Tiling.scratch(productRoom), Tiling.scratch(panelRoom))
            for panel in range {
                transform(panel, u.pointer)
                multiply(v.pointer, u.pointer, panel, all, m.pointer, bias, y)
            }
        }
    }

    /// With a large weight and many tiles, place by place: what a product needs then stays in a second-level cache, and
    /// memory is read and written once. u is the weight of some panels.
    private func byPlaces(
        _ some: Range<Int>, _ x: [UnsafePointer<Float>], _ u: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ y: [UnsafeMutablePointer<Float>]
    ) {
        let own = min(columns, 32 * some.upperBound) - 32 * some.lowerBound
        // So many tiles at a time that they take 32 MB at most.
        let most = max(56, (1 << 23) / (36 * (inner + own)))
        let parts = chunkCount(tiling.count, grain: most)
        let together = chunkCount(tiling.count, grain: parts)
        let m = Storage<Float>(count: Tiling.room(tiles: together, channels: own))
        forEachBlock(0..<tiling.count, together) { tiles in
            let v = transformed(x, tiles)
            parallelFor(Int(HB_WINOGRAD_PLACES), grain: 1) { places in
                for place in places {
                    hb_winograd_place(Int32(place), tiles.count, inner, v.pointer, u, own, m.pointer)
                }
            }
            let distance = hb_winograd_tiles(tiles.count, own)
            parallelFor(tiles.count, grain: 8) { range in
                let place = tiles.lowerBound + range.lowerBound..<tiles.lowerBound + range.upperBound
                for panel in some {
                    let width = hb_winograd_width(columns - 32 * panel)
                    let from = m.pointer + 32 * (panel - some.lowerBound) * tiles.count + range.lowerBound * width
                    finish(from, distance: distance, panel, place, bias, y)
                }
            }
        }
    }

    /// All channels of some tiles.
    private func transformed(_ x: [UnsafePointer<Float>], _ tiles: Range<Int>) -> Storage<Float> {
        let v = Storage<Float>(count: Tiling.room(tiles: tiles.count, channels: inner))
        parallelFor(tiles.count, grain: 8) { range in
            tiling.input(
                x, parts: inputs, 0..<inner,
                tiles.lowerBound + range.lowerBound..<tiles.lowerBound + range.upperBound, into: v.pointer,
                at: range.lowerBound, of: tiles.count)
        }
        return v
    }

    /// The outputs of a panel, whose weight is u, for the tiles of a block.
    private func multiply(
        _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ panel: Int, _ tiles: Range<Int>,
        _ m: UnsafeMutablePointer<Float>, _ bias: UnsafePointer<Float>?, _ y: [UnsafeMutablePointer<Float>]
    ) {
        let width = hb_winograd_width(columns - 32 * panel)
        hb_winograd_product(tiles.count, inner, v, u, width, m)
        finish(m, distance: hb_winograd_distance(tiles.count * width), panel, tiles, bias, y)
    }

    /// Transforms the products m [place][tile][column] of a panel back.
    private func finish(
        _ m: UnsafePointer<Float>, distance: Int, _ panel: Int, _ tiles: Range<Int>, _ bias: UnsafePointer<Float>?,
        _ y: [UnsafeMutablePointer<Float>]
    ) {
        let (column, width) = (32 * panel, hb_winograd_width(columns - 32 * panel))
        for (y, part) in zip(y, outputs) {
            let some = part.clamped(to: column..<min(columns, column + 32))
            guard !some.isEmpty else { continue }
            withUnsafePointer(to: tiling.map) {
                hb_winograd_output(
                    m + (some.lowerBound - column), distance, width, $0, tiling.layout?.outputStride ?? part.count,
                    some.lowerBound - part.lowerBound, some.count, tiles.lowerBound, tiles.count,
                    bias.map { $0 + some.lowerBound }, y)
            }
        }
    }
}
