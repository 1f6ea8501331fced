import CKernels

/// The gradient of a 3x3 weight by tiles: the transformed tiles of x and of the gradient, multiplied place by place and
/// summed over the tiles, then transformed back once.
///
/// A task has 64 outputs and 64 inputs at most, whose sums stay in a second-level cache; tiles are transformed once for
/// each. Where these are few tasks, the tiles are shared among several, whose sums are added in order.
struct TiledWeightGradient {
    private let tiling: Tiling
    /// Channels of the parts of the input, and of all.
    private let parts: [Range<Int>]
    private let inputs: Int
    private let outputs: Int
    /// Tiles of a block and of a task.
    private let block: Int
    private let share: Int

    /// The most outputs and inputs of a task.
    private static let side = 64

    init(_ input: Shape, parts: [Int], outputs: Int, shares isShared: Bool, layout: TileLayout? = nil) {
        self.parts = consecutiveRanges(parts)
        tiling = Tiling(input, layout: layout)
        inputs = input[3]
        self.outputs = outputs
        let tasks = chunkCount(inputs, grain: Self.side) * chunkCount(outputs, grain: Self.side)
        let shares = !isShared ? 1 : inputs * outputs <= 1024 ? 16 : max(1, 8 / tasks)
        let widest = min(Self.side, max(inputs, outputs))
        block = min(widest > 32 ? 28 : 56, (tiling.count + 1) / 2)
        share = max(block, (tiling.count + shares - 1) / shares)
    }

    private func range(_ index: Int, of all: Int) -> Range<Int> {
        index * Self.side..<min(all, (index + 1) * Self.side)
    }

    func run(_ x: [UnsafePointer<Float>], _ g: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>) {
        let shares = chunkCount(tiling.count, grain: share)
        let across = chunkCount(inputs, grain: Self.side)
        let pieces = across * chunkCount(outputs, grain: Self.side)
        let (rows, columns) = (min(outputs, Self.side), min(inputs, Self.side))
        let size = Tiling.room(rows * columns)
        let partials = Storage<Float>(count: shares > 1 ? pieces * shares * size : 0)
        let own = shares > 1 ? 0 : size
        let (inputRoom, gradientRoom) = (
            Tiling.room(tiles: block, channels: columns), Tiling.room(tiles: block, channels: rows)
        )
        Tiling.reserve([inputRoom, gradientRoom, own], chunks: pieces * shares)
        parallelFor(pieces * shares, grain: 1) { task in
            let (v, h) = (Tiling.scratch(inputRoom), Tiling.scratch(gradientRoom))
            let scratch = Tiling.scratch(own)
            for task in task {
                let (piece, first) = (task / shares, task % shares * share)
                let inputs = range(piece % across, of: inputs)
                let outputs = range(piece / across, of: outputs)
                let sums = shares > 1 ? partials.pointer + task * size : scratch.pointer
                forEachBlock(first..<min(first + share, tiling.count), block) { tiles in
                    tiling.input(x, parts: parts, inputs, tiles, into: v.pointer, of: tiles.count)
                    tiling.gradient(
                        g, stride: tiling.layout?.outputStride ?? self.outputs, outputs, tiles, into: h.pointer)
                    hb_winograd_sum(
                        tiles.count, outputs.count, inputs.count, h.pointer, v.pointer,
                        tiles.lowerBound > first ? 1 : 0, sums)
                }
                if shares == 1 { finish(sums, outputs, inputs, dw) }
            }
        }
        guard shares > 1 else { return }
        parallelFor(pieces, grain: 1) { range in
            for piece in range {
                let sums = partials.pointer + piece * shares * size
                for other in 1..<shares { Float.accumulate(sums + other * size, sums, size) }
                finish(sums, self.range(piece / across, of: outputs), self.range(piece % across, of: inputs), dw)
            }
        }
    }

    /// The same for groups of channels that lie beside each other.
    func run(groups: Int, _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>) {
        let size = Tiling.room(outputs * inputs)
        let shares = chunkCount(tiling.count, grain: share)
        guard inputs * outputs <= 1024, shares > 1 else {
            for group in 0..<groups {
                run([x + group * inputs], g + group * outputs, into: dw + group * outputs * 9 * inputs)
            }
            return
        }
        // Few channels: the groups of a block after each other, since they share lines of a cache.
        let partials = Storage<Float>(count: groups * shares * size)
        let (inputRoom, gradientRoom) = (
            Tiling.room(tiles: block, channels: inputs), Tiling.room(tiles: block, channels: outputs)
        )
        Tiling.reserve([inputRoom, gradientRoom], chunks: shares)
        parallelFor(shares, grain: 1) { range in
            let (v, h) = (Tiling.scratch(inputRoom), Tiling.scratch(gradientRoom))
            for index in range {
                let first = index * share
                forEachBlock(first..<min(first + share, tiling.count), block) { tiles in
                    for group in 0..<groups {
                        tiling.input(
                            [x + group * inputs], parts: parts, 0..<inputs, tiles, into: v.pointer, of: tiles.count)
                        tiling.gradient(
                            g + group * outputs, stride: tiling.layout?.outputStride ?? outputs, 0..<outputs, tiles,
                            into: h.pointer)
                        hb_winograd_sum(
                            tiles.count, outputs, inputs, h.pointer, v.pointer, tiles.lowerBound > first ? 1 : 0,
                            partials.pointer + (group * shares + index) * size)
                    }
                }
            }
        }
        parallelFor(groups, grain: 1) { range in
            for group in range {
                let sums = partials.pointer + group * shares * size
                for other in 1..<shares { Float.accumulate(sums + other * size, sums, size) }
                finish(sums, 0..<outputs, 0..<inputs, dw + group * outputs * 9 * inputs)
            }
        }
    }

    private func finish(
        _ sums: UnsafePointer<Float>, _ outputs: Range<Int>, _ inputs: Range<Int>, _ dw: UnsafeMutablePointer<Float>
    ) {
        hb_winograd_weight_gradient(
            sums, outputs.count, inputs.count, self.inputs,
            dw + outputs.lowerBound * 9 * self.inputs + inputs.lowerBound)
    }
}
