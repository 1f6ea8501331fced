import CKernels

extension StridedTiles {
    /// The gradient of the weight for the gradient g of the result. A task has 64 outputs and, of a slice's taps, 32 inputs at
    /// most, whose sums stay in a second-level cache; where these are few tasks, the tiles are shared among several, whose
    /// sums are added in order.
    func weightGradient(_ x: Tensor<Float>, _ g: Tensor<Float>, _ weight: Shape) -> Tensor<Float> {
        let sums = StridedSums(self)
        return Tensor(weight.replacing(axis: -1, with: inputs)) { dw in
            withElements(x, g) { x, g in sums.run(x, g, into: dw) }
        }.diagonalBlocks(of: weight, groups: old, merging: merging)
    }
}

private struct StridedSums {
    private let tiles: StridedTiles
    /// Inputs of a task.
    private let width: Int
    /// Columns of the sums at each place, and where they begin.
    private let widths: [Int]
    private let room: PlaceRoom
    private let total: Int
    private let pieces: [Piece]
    /// Tiles of a block and of a task.
    private let block: Int
    private let share: Int
    /// Whether a task does all pieces of a block after each other, since those of groups share lines of a cache.
    private let areTogether: Bool

    /// The most outputs of a task.
    private static let side = 64

    init(_ tiles: StridedTiles) {
        self.tiles = tiles
        let width = StridedTiles.width(tiles.inputs)
        self.width = width
        widths = tiles.plane.ranges.map { $0.count * width }
        let rows = min(tiles.outputs, Self.side)
        room = PlaceRoom(widths.map { $0 * rows })
        let map = tiles.map(tiles.output[2], tiles.output[3], reading: tiles.output, slices: 0)
        total = tiles.input[0] * tiles.output[1] * map.down * map.across
        pieces = Self.pieces(tiles, width: width)
        areTogether = tiles.groups > 1 && pieces.count * room.count <= 1 << 19
        let shares = min(areTogether ? 8 : 8 / pieces.count, total / 28)
        share = chunkCount(total, grain: max(1, shares))
        block = min(share, tiles.block(share, elements: tiles.places * (4 * width + rows)))
    }

    /// The outputs and inputs of a task and the tap of the third axis.
    private struct Piece {
        let group: Int
        let outputs: Range<Int>
        let tap: Int
        let input: Int
    }

    private static func pieces(_ tiles: StridedTiles, width: Int) -> [Piece] {
        (0..<tiles.groups).flatMap { group in
            stride(from: 0, to: tiles.outputs, by: side).flatMap { first in
                (0..<tiles.window.kernel.depth).flatMap { tap in
                    stride(from: 0, to: tiles.inputs, by: width).map { input in
                        Piece(
                            group: group, outputs: first..<min(tiles.outputs, first + side), tap: tap, input: input)
                    }
                }
            }
        }
    }

    func run(_ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>) {
        let shares = chunkCount(total, grain: share)
        let partials = Storage<Float>(count: pieces.count * shares * room.count)
        let sums = partials.pointer
        let places = tiles.places
        let gradientWidth = hb_winograd_width(min(tiles.outputs, Self.side))
        let rows = chunkCount(min(tiles.outputs, Self.side), grain: gradientWidth) * gradientWidth
        let inputRoom = places * hb_winograd_distance(block * 4 * width)
        let gradientRoom = places * hb_winograd_distance(block * rows)
        let tasks = areTogether ? shares : pieces.count * shares
        Tiling.reserve([inputRoom, gradientRoom], chunks: tasks)
        parallelFor(tasks, grain: 1) { range in
            let (v, h) = (Tiling.scratch(inputRoom), Tiling.scratch(gradientRoom))
            for task in range {
                let some = areTogether ? pieces.indices : task / shares..<task / shares + 1
                let first = task % shares * share
                forEachBlock(first..<min(first + share, total), block) { tiles in
                    for piece in some {
                        add(
                            x, g, pieces[piece], tiles, isFirst: tiles.lowerBound == first, v.pointer, h.pointer,
                            into: sums + (piece * shares + task % shares) * room.count)
                    }
                }
            }
        }
        for piece in pieces.indices where shares > 1 {
            let sums = sums + piece * shares * room.count
            parallelFor(room.count, grain: elementGrain) { range in
                for other in 1..<shares {
                    Float.accumulate(
                        sums + other * room.count + range.lowerBound, sums + range.lowerBound, range.count)
                }
            }
        }
        parallelFor(pieces.count * 4, grain: 1) { range in
            for index in range {
                finish(sums + index / 4 * shares * room.count, pieces[index / 4], index % 4, dw)
            }
        }
        withExtendedLifetime(partials) {}
    }

    /// Adds the products of some tiles.
    private func add(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ piece: Piece, _ some: Range<Int>, isFirst: Bool,
        _ v: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>, into sums: UnsafeMutablePointer<Float>
    ) {
        let (window, output) = (tiles.window, tiles.output)
        let count = some.count
        let distance = hb_winograd_distance(count * 4 * width)
        let map = tiles.map(
            output[2], output[3], reading: tiles.input, slices: output[1], step: window.stride.depth,
            shift: piece.tap * window.dilation.depth - window.padding.depth)
        for (number, phase) in tiles.plane.phases.enumerated() {
            let target = hb_strided_target(
                v: v + number * width * count, total: count, width: width, distance: distance)
            withUnsafePointer(to: map) {
                hb_strided_input(
                    x + piece.group * tiles.inputs + piece.input, $0, tiles.input[4], width, phase.row.samples,
                    phase.column.samples, some.lowerBound, count, target)
            }
        }
        let outputs = piece.outputs.count
        let gradientWidth = hb_winograd_width(outputs)
        let target = hb_strided_target(
            v: h, total: count, width: gradientWidth,
            distance: hb_winograd_distance(count * chunkCount(outputs, grain: gradientWidth) * gradientWidth))
        withUnsafePointer(to: tiles.map(output[2], output[3], reading: output, slices: 0)) {
            hb_strided_gradient(
                g + piece.group * tiles.outputs + piece.outputs.lowerBound, $0, output[4], outputs, some.lowerBound,
                count, target)
        }
        for (place, range) in tiles.plane.ranges.enumerated() {
            hb_panel_sum(
                count, outputs, h + place * target.distance, gradientWidth, count, widths[place],
                v + place * distance + range.lowerBound * width * count, width, count, isFirst ? 0 : 1,
                sums + room.starts[place])
        }
    }

    /// The taps of a phase.
    private func finish(
        _ sums: UnsafePointer<Float>, _ piece: Piece, _ phase: Int, _ dw: UnsafeMutablePointer<Float>
    ) {
        let (inputs, kernel) = (tiles.inputs, tiles.kernel)
        let size = kernel * kernel * inputs
        let depth = tiles.window.kernel.depth
        let places = zip(room.starts, tiles.plane.ranges).map { $0 + (phase - $1.lowerBound) * width }
        let row = (piece.group * tiles.outputs + piece.outputs.lowerBound) * depth + piece.tap
        let axes = tiles.plane.phases[phase]
        hb_strided_weight_gradient(
            sums, places, widths, piece.outputs.count, width, axes.row.steps(kernel * inputs, isAdjoint: false),
            axes.column.steps(inputs, isAdjoint: false), depth * size, dw + row * size + piece.input)
    }
}
