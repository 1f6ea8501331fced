import CKernels

/// The gradient of a 3x3 weight by tiles: the transformed tiles of x and of the gradient, multiplied place by place and
/// summed over the tiles, then transformed back once.
struct TiledWeightGradient {
    let tiling: Tiling
    let inputs: Int
    let outputs: Int

    init(_ input: Shape, outputs: Int) {
        tiling = Tiling(input)
        inputs = input[3]
        self.outputs = outputs
    }

    /// A small weight is summed over chunks of tiles by whole tasks, whose sums are added in order; a large one by rows,
    /// for tiles that were transformed beforehand, because its sums are too large to exist several times.
    func run(_ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>) {
        if inputs * outputs <= 1 << 13 { byChunks(x, g, dw) } else { byRows(x, g, dw) }
    }

    private func byChunks(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ dw: UnsafeMutablePointer<Float>
    ) {
        let size = Tiling.room(outputs * inputs)
        let most = size > 1 << 17 ? 4 : 16
        let block = min(56, (tiling.count + 1) / 2)
        let grain = max(block, ((tiling.count + most - 1) / most + block - 1) / block * block)
        let chunks = chunkCount(tiling.count, grain: grain)
        let partials = Storage<Float>(count: chunks * size)
        let (inputRoom, gradientRoom) = (
            Tiling.room(tiles: block, channels: inputs), Tiling.room(tiles: block, channels: outputs)
        )
        reserveScratch(Float.self, inputRoom, gradientRoom, chunks: chunks)
        parallelFor(tiling.count, grain: grain) { task in
            let (v, h) = (Storage<Float>(count: inputRoom), Storage<Float>(count: gradientRoom))
            let sums = partials.pointer + task.lowerBound / grain * size
            forEachBlock(task, block) { tiles in
                tiling.input(x, channels: inputs, tiles, into: v.pointer, of: tiles.count)
                tiling.gradient(g, channels: outputs, tiles, into: h.pointer, of: tiles.count)
                hb_winograd_sum(
                    tiles.count, outputs, 0, outputs, inputs, h.pointer, v.pointer,
                    tiles.lowerBound > task.lowerBound ? 1 : 0, sums)
            }
        }
        parallelFor(size, grain: elementGrain) {
            for chunk in 1..<max(1, chunks) {
                Float.accumulate(
                    partials.pointer + chunk * size + $0.lowerBound, partials.pointer + $0.lowerBound, $0.count)
            }
        }
        hb_winograd_weight_gradient(partials.pointer, outputs, inputs, dw)
    }

    private func byRows(_ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ dw: UnsafeMutablePointer<Float>) {
        // So many tiles at a time that they take 16 MB at most.
        let most = max(56, (1 << 22) / (36 * (inputs + outputs)))
        let some = min(tiling.count, most)
        let (v, h) = (
            Storage<Float>(count: Tiling.room(tiles: some, channels: inputs)),
            Storage<Float>(count: Tiling.room(tiles: some, channels: outputs))
        )
        let rows = outputs >= 128 ? 32 : 16
        let size = Tiling.room(rows * inputs)
        let sums = Storage<Float>(count: chunkCount(outputs, grain: rows) * size)
        for first in stride(from: 0, to: tiling.count, by: some) {
            let count = min(some, tiling.count - first)
            parallelFor(count, grain: 8) { range in
                let tiles = first + range.lowerBound..<first + range.upperBound
                tiling.input(
                    x, channels: inputs, tiles, into: v.pointer, at: range.lowerBound, of: count)
                tiling.gradient(
                    g, channels: outputs, tiles, into: h.pointer, at: range.lowerBound, of: count)
            }
            parallelFor(outputs, grain: rows) { range in
                let m = sums.pointer + range.lowerBound / rows * size
                hb_winograd_sum(
                    count, outputs, range.lowerBound, range.count, inputs, h.pointer, v.pointer, first > 0 ? 1 : 0, m)
                if first + count == tiling.count {
                    hb_winograd_weight_gradient(m, range.count, inputs, dw + range.lowerBound * 9 * inputs)
                }
            }
        }
    }
}
