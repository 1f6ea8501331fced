import CKernels

/// What `Kernels/Convolution.swift` asks of an element type for 3x3 convolutions of stride 1 and padding 1.
public protocol WinogradKernels {
    /// Whether there are any.
    static var hasWinograd: Bool { get }
    /// y [N, H, W, outputs] for x of a shape [N, H, W, inputs], weight [outputs, 3, 3, inputs] and bias [outputs]; or,
    /// `turned`, the adjoint, y [N, H, W, inputs] for x of a shape [N, H, W, outputs]. `channels` are those of y.
    static func winogradConvolution(
        _ x: UnsafePointer<Self>, _ shape: Shape, _ weight: UnsafePointer<Self>, _ bias: UnsafePointer<Self>?,
        turned: Bool, channels: Int, into y: UnsafeMutablePointer<Self>)
    /// The gradient dw [outputs, 3, 3, inputs] of the weight for x of a shape [N, H, W, inputs] and the gradient
    /// g [N, H, W, outputs] of the result.
    static func winogradWeightGradient(
        _ x: UnsafePointer<Self>, _ shape: Shape, _ g: UnsafePointer<Self>, outputs: Int,
        into dw: UnsafeMutablePointer<Self>)
}

private let hasWideRegisters = hb_winograd() != 0

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: WinogradKernels {
    public static var hasWinograd: Bool { hasWideRegisters }

    public static func winogradConvolution(
        _ x: UnsafePointer<Float>, _ shape: Shape, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        turned: Bool, channels: Int, into y: UnsafeMutablePointer<Float>
    ) {
        if shape[3] <= 4, !turned {
            FewInputConvolution(shape, outputs: channels).run(x, weight, bias, into: y)
        } else {
            TiledConvolution(shape, outputs: channels).run(x, weight, bias, turned: turned, into: y)
        }
    }

    public static func winogradWeightGradient(
        _ x: UnsafePointer<Float>, _ shape: Shape, _ g: UnsafePointer<Float>, outputs: Int,
        into dw: UnsafeMutablePointer<Float>
    ) {
        if shape[3] <= 4 {
            FewInputConvolution(shape, outputs: outputs).weightGradient(x, g, into: dw)
        } else {
            TiledWeightGradient(shape, outputs: outputs).run(x, g, into: dw)
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: WinogradKernels {
    public static var hasWinograd: Bool { false }

    public static func winogradConvolution(
        _ x: UnsafePointer<Double>, _ shape: Shape, _ weight: UnsafePointer<Double>, _ bias: UnsafePointer<Double>?,
        turned: Bool, channels: Int, into y: UnsafeMutablePointer<Double>
    ) { require(false, "winograd", "there is none in double precision") }

    public static func winogradWeightGradient(
        _ x: UnsafePointer<Double>, _ shape: Shape, _ g: UnsafePointer<Double>, outputs: Int,
        into dw: UnsafeMutablePointer<Double>
    ) { require(false, "winograd", "there is none in double precision") }
}

/// The tiles of 4x4 pixels of a batch of maps.
struct Tiling {
    let map: hb_tiling
    let count: Int

    init(_ shape: Shape) {
        map = hb_tiling(height: shape[1], width: shape[2], down: (shape[1] + 3) / 4, across: (shape[2] + 3) / 4)
        count = shape[0] * map.down * map.across
    }

    /// Elements of an array of 36 places of so many elements each.
    static func room(_ elements: Int) -> Int { Int(HB_WINOGRAD_PLACES) * hb_winograd_distance(elements) }

    /// Elements of so many transformed tiles.
    static func room(tiles: Int, channels: Int) -> Int {
        Int(HB_WINOGRAD_PLACES) * hb_winograd_tiles(tiles, channels)
    }

    /// Transforms tiles of x, which become tiles `at` and following of the `total` ones of v.
    func input(
        _ x: UnsafePointer<Float>, channels: Int, _ tiles: Range<Int>, into v: UnsafeMutablePointer<Float>,
        at: Int = 0, of total: Int
    ) {
        withUnsafePointer(to: map) {
            hb_winograd_input(x, $0, channels, tiles.lowerBound, tiles.count, v, at, total)
        }
    }

    /// The same for tiles of a gradient.
    func gradient(
        _ g: UnsafePointer<Float>, channels: Int, _ tiles: Range<Int>, into v: UnsafeMutablePointer<Float>,
        at: Int = 0, of total: Int
    ) {
        withUnsafePointer(to: map) {
            hb_winograd_gradient(g, $0, channels, tiles.lowerBound, tiles.count, v, at, total)
        }
    }
}

/// A convolution by tiles: the tiles of a block are transformed, multiplied with the transformed weight and transformed
/// back.
private struct TiledConvolution {
    let tiling: Tiling
    /// Channels of the input.
    let inner: Int
    /// Channels of the result, in panels of 32.
    let columns: Int
    /// Tiles of a block.
    let block: Int
    /// Whether one task does all of a block. Where the transformed weight is larger than half of a second-level cache,
    /// blocks are transformed first, and then each panel is taken to all of them.
    let isWhole: Bool

    init(_ input: Shape, outputs: Int) {
        tiling = Tiling(input)
        inner = input[3]
        columns = outputs
        isWhole = inner * outputs <= 1 << 14
        let most = isWhole && inner > 64 ? 28 : 56
        var blocks = (tiling.count + most - 1) / most
        if isWhole, blocks < 8 { blocks = (blocks + 1) / 2 * 2 }
        block = max(1, (tiling.count + blocks - 1) / max(1, blocks))
    }

    private var panels: Int { (columns + 31) / 32 }
    private var panelRoom: Int { Tiling.room(inner * hb_winograd_width(columns)) }
    private var inputRoom: Int { Tiling.room(tiles: block, channels: inner) }
    private var productRoom: Int { Tiling.room(block * 32) }
    private var blocks: Int { chunkCount(tiling.count, grain: block) }

    private func tiles(_ block: Int) -> Range<Int> { block * self.block..<min(tiling.count, (block + 1) * self.block) }

    func run(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, turned: Bool,
        into y: UnsafeMutablePointer<Float>
    ) {
        let (outputs, inputs) = turned ? (inner, columns) : (columns, inner)
        func transform(_ panel: Int, _ u: UnsafeMutablePointer<Float>) {
            hb_winograd_weight(weight, outputs, inputs, turned ? 1 : 0, 32 * panel, u)
        }
        // A panel that one block alone needs is transformed where it is used.
        if !isWhole, blocks == 1 {
            panelByPanel(x, bias, y) { panel, scratch in
                transform(panel, scratch)
                return UnsafePointer(scratch)
            }
            return
        }
        let transformed = Storage<Float>(count: panels * panelRoom)
        let u = transformed.pointer
        parallelFor(panels, grain: max(1, 1024 / inner)) { range in
            for panel in range { transform(panel, u + panel * panelRoom) }
        }
        if isWhole {
            whole(x, u, bias, y)
        } else {
            panelByPanel(x, bias, y) { panel, _ in UnsafePointer(u + panel * panelRoom) }
        }
        withExtendedLifetime(transformed) {}
    }

    private func whole(
        _ x: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ y: UnsafeMutablePointer<Float>
    ) {
        reserveScratch(Float.self, inputRoom, productRoom, chunks: blocks)
        parallelFor(blocks, grain: max(1, (1 << 16) / (inner * block * panels))) { range in
            let (v, m) = (Storage<Float>(count: inputRoom), Storage<Float>(count: productRoom))
            for block in range {
                let tiles = tiles(block)
                tiling.input(x, channels: inner, tiles, into: v.pointer, of: tiles.count)
                for panel in 0..<panels {
                    multiply(v.pointer, u + panel * panelRoom, panel, tiles, m.pointer, bias, y)
                }
            }
        }
    }

    private func panelByPanel(
        _ x: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>,
        weight: (_ panel: Int, _ scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float>
    ) {
        // So many blocks at a time that they take 16 MB at most.
        let some = max(1, min(blocks, (1 << 22) / inputRoom))
        let v = Storage<Float>(count: some * inputRoom)
        for first in stride(from: 0, to: blocks, by: some) {
            let count = min(some, blocks - first)
            let all = tiles(first).lowerBound..<tiles(first + count - 1).upperBound
            parallelFor(all.count, grain: 8) { range in
                var tile = all.lowerBound + range.lowerBound
                let end = all.lowerBound + range.upperBound
                while tile < end {
                    let owner = tiles(tile / block)
                    let piece = tile..<min(end, owner.upperBound)
                    tiling.input(
                        x, channels: inner, piece,
                        into: v.pointer + (tile / block - first) * inputRoom,
                        at: tile - owner.lowerBound, of: owner.count)
                    tile = piece.upperBound
                }
            }
            let weightRoom = blocks == 1 ? panelRoom : 0
            reserveScratch(Float.self, productRoom, weightRoom, chunks: panels * count)
            parallelFor(panels * count, grain: 1) { range in
                let (m, scratch) = (Storage<Float>(count: productRoom), Storage<Float>(count: weightRoom))
                for task in range {
                    let (panel, block) = (task / count, task % count)
                    multiply(
                        v.pointer + block * inputRoom, weight(panel, scratch.pointer), panel, tiles(first + block),
                        m.pointer, bias, y)
                }
            }
        }
    }

    /// The outputs of a panel, whose weight is u, for the tiles of a block.
    private func multiply(
        _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ panel: Int, _ tiles: Range<Int>,
        _ m: UnsafeMutablePointer<Float>, _ bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
    ) {
        let (column, width) = (32 * panel, hb_winograd_width(columns - 32 * panel))
        hb_winograd_product(tiles.count, inner, v, u, width, m)
        withUnsafePointer(to: tiling.map) {
            hb_winograd_output(
                m, $0, columns, column, min(32, columns - column), tiles.lowerBound, tiles.count, bias, y)
        }
    }
}
