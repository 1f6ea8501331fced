import CKernels

/// Kernels of single maps that are made panel by panel where they are used: transformed at once, for tiles, so that none of
/// them is ever in memory. Rows of a kernel are outputs, columns inputs.
package protocol TiledKernels: SampleKernels where S == Float {
    /// What the gradients of a kernel's columns, or of some of its rows, add up to beside those of the experts.
    associatedtype Part: Sendable

    /// Whether their sizes allow it.
    var fitsTiles: Bool { get }
    /// Rows that are multiples of this begin what is made of other experts.
    var rowUnit: Int { get }
    /// Elements of what a thread needs for a panel of 16 inner channels for so many maps, and for taking over gradients.
    func room(_ samples: Int) -> (panel: [Int], gradient: [Int])

    /// Brings together what the kernels of some maps need for some columns (32 at most) and inner channels of a product,
    /// which are inputs and outputs for `turned` ones.
    func panel(_ columns: Range<Int>, _ inner: Range<Int>, _ samples: Range<Int>, turned: Bool) -> ExpertPanel
    /// The factors of a map's inner channels and columns, from the first on, where there are any.
    func factors(_ sample: Int, turned: Bool) -> (inner: UnsafePointer<Float>?, columns: UnsafePointer<Float>?)
    /// A map's coefficients; nil for an only expert that is the kernel.
    func coefficients(_ sample: Int) -> UnsafePointer<Float>?

    /// An empty part for rows and columns.
    func part(_ rows: Range<Int>, _ columns: Range<Int>) -> Part
    /// Takes over the gradients d [maps][tap][row][32] of some maps' kernels, of eight rows and of a part's columns. The part
    /// is this thread's alone; d is spent.
    func take(_ part: Part, row: Int, _ samples: Range<Int>, _ d: UnsafeMutablePointer<Float>)
    /// What is left to do of a part once all is taken, on the thread that took it.
    func close(_ part: Part)
    /// Takes over all parts.
    func collect(_ parts: [Part])
}

/// Experts of some columns and inner channels, [inner][expert][tap][32], for all maps, or for each map its own.
package struct ExpertPanel {
    let storage: Storage<Float>
    /// From one inner channel to the next, and from one map to the next.
    let stride: Int
    var sampleStride = 0
    let experts: Int
    let isPerTap: Bool
}

/// Convolutions of single maps by tiles, each with a kernel of its own: 3x3, of stride 1 and padding 1.
struct SampleTiles {
    /// [N, H, W, inputs].
    private let input: Shape
    private let outputs: Int
    /// Of a map.
    private let tiles: Int

    /// nil where channels do not come in sixteens, and for maps below five pixels a side or above sixteen tiles. Between
    /// these, a quarter of the multiplications outweighs that each kernel is transformed for one map alone; on larger ones
    /// kernels cost little beside the maps, which go by themselves better.
    init?(_ window: Window, input: Shape, weight: Shape, groups: Int) {
        guard Float.hasWinograd, groups == 1, window == Window(kernel: 3, padding: 1), input[0] >= 1, input[1] >= 5,
            input[2] >= 5, input[3] % 16 == 0, weight[0] % 16 == 0, weight[0] > 0, input[3] > 0
        else { return nil }
        self.input = input
        outputs = weight[0]
        tiles = Tiling(input.replacing(axis: 0, with: 1)).count
        guard tiles <= 16 else { return nil }
    }

    /// Inner channels of a kernel that are made at a time, so that they stay in a first-level cache.
    private static let some = 16
    /// Elements of the sums of a panel for a map.
    private var sumRoom: Int { Tiling.room(tiles * 32) }
    /// Transformed tiles of some maps, for panels of 32 channels.
    private struct Transformed {
        let storage: Storage<Float>
        let tiles: Int
        let channels: Int
        var distance: Int { hb_winograd_tiles(tiles, channels) }
        var width: Int { hb_winograd_width(channels) }
        /// From a channel and a tile on.
        func from(_ channel: Int, _ tile: Int) -> UnsafePointer<Float> {
            UnsafePointer(storage.pointer + channel / 32 * 32 * tiles + channel % 32 + tile * width)
        }
        func panel(_ channel: Int, _ tile: Int) -> hb_tile_panel {
            hb_tile_panel(tiles: from(channel, tile), distance: distance, width: width)
        }
    }

    private func transformed(
        _ x: UnsafePointer<Float>, _ channels: Int, _ samples: Range<Int>, gradient: Bool = false
    ) -> Transformed {
        let tiling = Tiling(input.replacing(axis: -1, with: channels))
        let count = samples.count * tiles
        let storage = Storage<Float>(count: Tiling.room(tiles: count, channels: channels))
        let first = samples.lowerBound * tiles
        parallelFor(count, grain: 8) { range in
            let own = first + range.lowerBound..<first + range.upperBound
            let target = hb_tile_target(
                v: storage.pointer, at: range.lowerBound, total: count, channel: 0, channels: channels)
            withUnsafePointer(to: tiling.map) {
                if gradient {
                    hb_winograd_gradient(x, $0, channels, channels, own.lowerBound, own.count, target)
                } else {
                    hb_winograd_input(x, $0, channels, channels, own.lowerBound, own.count, target)
                }
            }
        }
        return Transformed(storage: storage, tiles: count, channels: channels)
    }

    /// The results [N, H, W, outputs] of x, with rows of a bias [N, outputs]; or, `turned`, the gradients [N, H, W, inputs] for
    /// gradients x of the results.
    func results<Kernels: TiledKernels>(
        _ kernels: Kernels, _ x: Tensor<Float>, _ bias: Tensor<Float>?, turned: Bool
    ) -> Tensor<Float> {
        let (inner, columns) = turned ? (outputs, input[3]) : (input[3], outputs)
        defer { withExtendedLifetime(bias) {} }
        return Tensor(input.replacing(axis: -1, with: columns)) { y in
            x.read { x in
                // So many maps at a time that their tiles take 16 MB at most.
                forEachBlock(0..<input[0], max(1, (1 << 22) / Tiling.room(tiles: tiles, channels: inner))) { samples in
                    let v = transformed(x, inner, samples)
                    multiply(kernels, v, samples, columns, bias?.start, turned: turned, into: y)
                }
            }
        }
    }

    /// A task has a panel of columns and so many maps that their sums stay in a second-level cache.
    private func multiply<Kernels: TiledKernels>(
        _ kernels: Kernels, _ v: Transformed, _ samples: Range<Int>, _ columns: Int, _ bias: UnsafePointer<Float>?,
        turned: Bool, into y: UnsafeMutablePointer<Float>
    ) {
        let (panels, inner) = (chunkCount(columns, grain: 32), v.channels)
        let fewest = chunkCount(samples.count, grain: max(1, 16 / panels))
        let share = max(1, min(fewest, (1 << 18) / sumRoom))
        let shares = chunkCount(samples.count, grain: share)
        let plane = hb_winograd_distance(Self.some * 32)
        let map = Tiling(input).map
        Tiling.reserve([share * sumRoom, 9 * plane, 6 * plane] + kernels.room(share).panel, chunks: panels * shares)
        parallelFor(panels * shares, grain: 1) { range in
            let sums = Tiling.scratch(share * sumRoom)
            let (w, u) = (Tiling.scratch(9 * plane), Tiling.scratch(6 * plane))
            for task in range {
                let own = task / shares * 32..<min(columns, (task / shares + 1) * 32)
                let first = task % shares * share
                let maps = first..<min(samples.count, first + share)
                forEachBlock(0..<inner, Self.some) { some in
                    let first = samples.lowerBound + maps.lowerBound
                    let experts = kernels.panel(own, some, first..<first + maps.count, turned: turned)
                    for (i, sample) in maps.enumerated() {
                        mix(kernels, experts, i, first + i, some, turned: turned, into: w.pointer)
                        hb_winograd_sample(
                            tiles, some.count, v.from(some.lowerBound, sample * tiles), v.distance, v.width, w.pointer,
                            turned ? 1 : 0, u.pointer, some.lowerBound > 0 ? 1 : 0, sums.pointer + i * sumRoom)
                    }
                }
                for (i, sample) in maps.enumerated() {
                    let number = samples.lowerBound + sample
                    let m = sums.pointer + i * sumRoom
                    finish(kernels, number, own, turned: turned, m)
                    withUnsafePointer(to: map) {
                        hb_winograd_output(
                            m, hb_winograd_distance(tiles * 32), 32, $0, columns, own.lowerBound, own.count,
                            number * tiles, tiles, bias.map { $0 + number * columns + own.lowerBound }, y)
                    }
                }
            }
        }
    }

    private func mix<Kernels: TiledKernels>(
        _ kernels: Kernels, _ experts: ExpertPanel, _ number: Int, _ sample: Int, _ inner: Range<Int>, turned: Bool,
        into w: UnsafeMutablePointer<Float>
    ) {
        var panel = hb_expert_panel(
            p: experts.storage.pointer + number * experts.sampleStride, stride: experts.stride, inner: inner.count,
            experts: experts.experts,
            coefficients: kernels.coefficients(sample), per_tap: experts.isPerTap ? 1 : 0,
            factors: kernels.factors(sample, turned: turned).inner.map { $0 + inner.lowerBound })
        hb_mixed_panel(&panel, w)
    }

    /// Brings the scale of the places in, and the factors of the columns.
    private func finish<Kernels: TiledKernels>(
        _ kernels: Kernels, _ sample: Int, _ columns: Range<Int>, turned: Bool, _ m: UnsafeMutablePointer<Float>
    ) {
        guard let factors = kernels.factors(sample, turned: turned).columns else {
            hb_winograd_scale(tiles, nil, m)
            return
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { own in
            own.initialize(repeating: 0)
            for column in columns { own[column - columns.lowerBound] = factors[column] }
            hb_winograd_scale(tiles, own.baseAddress, m)
        }
    }

    /// Hands the gradients of the kernels over, for maps x and gradients g of the results.
    func kernelGradients<Kernels: TiledKernels>(_ kernels: Kernels, _ x: Tensor<Float>, _ g: Tensor<Float>) {
        let inputs = input[3]
        let panels = chunkCount(inputs, grain: 32)
        // Sixteen tasks where there are channels enough; no task has rows of two kinds.
        let most = max(16, min(64, outputs * panels / 16))
        let rows = [64, 32, 16].first { $0 <= most && kernels.rowUnit % $0 == 0 } ?? 16
        let tasks = panels * chunkCount(outputs, grain: rows)
        func extent(_ task: Int) -> (rows: Range<Int>, columns: Range<Int>) {
            let (row, column) = (task / panels * rows, task % panels * 32)
            return (row..<min(outputs, row + rows), column..<min(inputs, column + 32))
        }
        let parts = (0..<tasks).map { kernels.part(extent($0).rows, extent($0).columns) }
        let height = Int(HB_BLOCK_ROWS)
        let (room, size) = (Tiling.room(height * 32), 9 * height * 32)
        // So many maps together that a task's tiles of them stay in a second-level cache.
        let share = max(1, min(16, (1 << 17) / Tiling.room(2 * tiles * 32)))
        // So many maps at a time that their tiles take 32 MB at most.
        let own = Tiling.room(tiles: tiles, channels: inputs) + Tiling.room(tiles: tiles, channels: outputs)
        withElements(x, g) { x, g in
            forEachBlock(0..<input[0], max(1, min(64, (1 << 23) / own))) { samples in
                let (v, h) = (transformed(x, inputs, samples), transformed(g, outputs, samples, gradient: true))
                Tiling.reserve([room, share * size] + kernels.room(share).gradient, chunks: tasks)
                parallelFor(tasks, grain: 1) { range in
                    let (m, d) = (Tiling.scratch(room), Tiling.scratch(share * size))
                    for task in range {
                        let own = extent(task)
                        forEachBlock(0..<samples.count, share) { some in
                            for row in stride(from: own.rows.lowerBound, to: own.rows.upperBound, by: height) {
                                for (i, sample) in some.enumerated() {
                                    var left = h.panel(row, sample * tiles)
                                    var right = v.panel(own.columns.lowerBound, sample * tiles)
                                    hb_winograd_sample_sum(tiles, &left, &right, m.pointer)
                                    hb_block_gradient(m.pointer, d.pointer + i * size)
                                }
                                let first = samples.lowerBound + some.lowerBound
                                kernels.take(parts[task], row: row, first..<first + some.count, d.pointer)
                            }
                        }
                        if samples.upperBound == input[0] { kernels.close(parts[task]) }
                    }
                }
            }
        }
        kernels.collect(parts)
    }
}
