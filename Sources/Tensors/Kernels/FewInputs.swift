import CKernels

/// A 3x3 convolution of stride 1 and padding 1 of maps of few channels: row by row, without patches.
struct FewInputConvolution {
    private let map: hb_tiling
    private let rows: Int
    private let inputs: Int
    private let outputs: Int

    init(_ input: Shape, outputs: Int) {
        map = Tiling(input).map
        rows = input[0] * input[1]
        inputs = input[3]
        self.outputs = outputs
    }

    private var wide: Int { (outputs + 15) / 16 * 16 }
    private var room: Int { 3 * (map.width + 2) * inputs }
    /// Rows of a task: about a million multiply-adds.
    private var grain: Int { max(1, (1 << 20) / (map.width * 9 * inputs * outputs)) }

    func run(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        into y: UnsafeMutablePointer<Float>
    ) {
        let taps = 9 * inputs
        let packed = Storage<Float>(count: wide * (taps + 1))
        let offsets = packed.pointer + wide * taps
        for o in 0..<wide {
            let to = packed.pointer + o / 16 * 16 * taps + o % 16
            for k in 0..<taps { to[16 * k] = o < outputs ? weight[o * taps + k] : 0 }
            offsets[o] = o < outputs ? bias?[o] ?? 0 : 0
        }
        reserveScratch(Float.self, room, chunks: chunkCount(rows, grain: grain))
        parallelFor(rows, grain: grain) { range in
            let room = Storage<Float>(count: room)
            withUnsafePointer(to: map) {
                hb_few_inputs(
                    x, $0, inputs, outputs, packed.pointer, offsets, range.lowerBound, range.upperBound, room.pointer,
                    y)
            }
        }
    }

    /// dw [outputs, 3, 3, inputs]; the sums over fixed chunks of rows are added in order.
    func weightGradient(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>
    ) {
        let taps = 9 * inputs
        let grain = max(grain, (rows + 31) / 32)
        let chunks = chunkCount(rows, grain: grain)
        let sums = Storage<Float>(count: (chunks + 1) * taps * wide)
        reserveScratch(Float.self, room, chunks: chunks)
        parallelFor(rows, grain: grain) { range in
            let room = Storage<Float>(count: room)
            let own = sums.pointer + range.lowerBound / grain * taps * wide
            clear(own, taps * wide)
            withUnsafePointer(to: map) {
                hb_few_inputs_weight_gradient(
                    x, g, $0, inputs, outputs, range.lowerBound, range.upperBound, room.pointer, own)
            }
        }
        let total = sums.pointer + chunks * taps * wide
        Float.sumRows(sums.pointer, stride: taps * wide, total, chunks, taps * wide)
        for o in 0..<outputs { for k in 0..<taps { dw[o * taps + k] = total[k * wide + o] } }
    }
}
