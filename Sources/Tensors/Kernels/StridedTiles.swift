import CKernels

// Convolutions of stride 2 within a map, of 3x3 or 4x4 taps with padding 1, by tiles (`StridedTiles.h`); their adjoints,
// which transposed convolutions are, too. A third axis is what it is for other tiles: its taps lie side by side as channels.

/// The pixels of an axis that have odd numbers, or even ones, and the taps that meet them.
struct StridedPhase {
    /// The number of the first pixel.
    let first: Int
    /// One or two taps, in the order in which pixels are read.
    let taps: [Int]
    /// What a tile of four results reads of the phase.
    let samples: hb_samples
    /// For the adjoint: pixel `first` + 2 j of the phase is made of the result j + shift and the following one.
    let shift: Int

    /// Places of a tile.
    var places: Int { taps.count == 2 ? 5 : 4 }

    static let odd = StridedPhase(
        first: 1, taps: [0, 2], samples: hb_samples(first: -1, apart: 2, tile: 8, count: 5), shift: 0)
    static func even(kernel: Int) -> StridedPhase {
        let taps = kernel == 3 ? [1] : [1, 3]
        return StridedPhase(
            first: 0, taps: taps, samples: hb_samples(first: 0, apart: 2, tile: 8, count: taps.count + 3),
            shift: 1 - taps.count)
    }

    /// The taps as distances of elements; of the adjoint, the last one first.
    func steps(_ step: Int, isAdjoint: Bool) -> hb_strided_taps {
        let steps = isAdjoint ? taps.reversed() : taps
        return hb_strided_taps(first: steps[0] * step, second: steps.count == 2 ? steps[1] * step : -1)
    }
}

/// The four phases of both axes, ordered so that those of a place follow each other.
struct StridedPlane {
    let phases: [(row: StridedPhase, column: StridedPhase)]
    /// The phases that have something at each place.
    let ranges: [Range<Int>]

    init(kernel: Int) {
        let (odd, even) = (StridedPhase.odd, StridedPhase.even(kernel: kernel))
        let phases: [(row: StridedPhase, column: StridedPhase)] = [(odd, even), (odd, odd), (even, odd), (even, even)]
        self.phases = phases
        ranges = (0..<Int(HB_STRIDED_PLACES)).map { place in
            let some = phases.indices.filter {
                place / 5 < phases[$0].row.places && place % 5 < phases[$0].column.places
            }
            return some[0]..<some[some.count - 1] + 1
        }
    }
}

/// Where the numbers of each place begin, when there are so many at each.
struct PlaceRoom {
    let starts: [Int]
    let count: Int

    init(_ counts: [Int]) {
        var next = 0
        starts = counts.map { count in
            defer { next += hb_winograd_distance(count) }
            return next
        }
        count = next
    }
}

/// A convolution of volumes, or of maps as volumes of one slice, by such tiles. Groups of few channels go together.
struct StridedTiles {
    let window: VolumeWindow
    let plane: StridedPlane
    /// Groups that are asked for, how many of them go together, and the number of those.
    let old: Int
    let merging: Int
    let groups: Int
    /// Channels of such a group.
    let inputs: Int
    let outputs: Int
    /// [N, D, H, W, C].
    let input: Shape
    let output: Shape

    init?(_ window: VolumeWindow, input: Shape, weight: Shape, groups old: Int) {
        let (kernel, flat) = (window.kernel.height, window.plane)
        guard Float.hasWinograd, kernel == 3 || kernel == 4,
            flat == Window(kernel: Pair(kernel), stride: 2, padding: 1), input[0] >= 1,
            window.stride.depth == 1 || window.dilation.depth == 1, window.kernel.depth >= window.stride.depth
        else { return nil }
        let size = window.outputSize(Triple(input[1], input[2], input[3]))
        let (inputs, outputs) = (input[4] / old, weight[0] / old)
        merging = old == 1 ? 1 : mergedGroups(old, width: max(inputs, outputs), most: 16)
        self.inputs = inputs * merging
        self.outputs = outputs * merging
        guard size.depth >= 1, size.height >= 4, size.width >= 4, self.inputs % 16 == 0, self.outputs % 16 == 0 else {
            return nil
        }
        self.window = window
        self.input = input
        self.old = old
        groups = old / merging
        output = [input[0], size.depth, size.height, size.width, weight[0]]
        plane = StridedPlane(kernel: kernel)
    }

    /// Taps of an axis within a slice.
    var kernel: Int { window.kernel.height }
    var places: Int { Int(HB_STRIDED_PLACES) }

    /// Channels of a panel of that many.
    static func width(_ channels: Int) -> Int { channels % 32 == 0 ? 32 : 16 }

    /// The tiles of maps of so many rows and columns; what is read are slices of `shape`, a volume of the result reads them
    /// from `shift` on.
    func map(_ rows: Int, _ columns: Int, reading shape: Shape, slices: Int, step: Int = 1, shift: Int = 0) -> hb_tiling
    {
        hb_tiling(
            height: shape[2], width: shape[3], down: (rows + 3) / 4, across: (columns + 3) / 4, slices: slices,
            deep: shape[1], step: step, shift: shift, apart: 1, whole_height: shape[2], whole_width: shape[3])
    }

    /// Tiles of a block, when each takes so many elements: about a megabyte in all, so that a block stays in a second-level
    /// cache, and fourteen or a multiple of that, which is what a product takes at a time.
    func block(_ tiles: Int, elements: Int) -> Int {
        let most = max(14, min(56, 280_000 / elements / 14 * 14))
        let blocks = chunkCount(tiles, grain: most)
        return min(most, chunkCount(chunkCount(tiles, grain: blocks), grain: 14) * 14)
    }
}

extension Tensor {
    /// As `volumeConvolution`, where there are tiles for it.
    func stridedConvolution(_ weight: Tensor, _ bias: Tensor?, _ window: VolumeWindow, groups: Int) -> Tensor? {
        guard let x = self as? Tensor<Float>, let weight = weight as? Tensor<Float>,
            let tiles = StridedTiles(window, input: shape, weight: weight.shape, groups: groups)
        else { return nil }
        return tiles.convolution(x, weight, bias as? Tensor<Float>) as? Tensor
    }

    /// As `convolutionByPhases`, where there are tiles for it.
    func stridedInputGradient(
        _ weight: Tensor, _ bias: Tensor?, _ window: VolumeWindow, input: Shape, groups: Int
    ) -> Tensor? {
        guard let g = self as? Tensor<Float>, let weight = weight as? Tensor<Float>,
            let tiles = StridedTiles(window, input: input, weight: weight.shape, groups: groups), tiles.output == shape
        else { return nil }
        return tiles.inputGradient(g, weight, bias as? Tensor<Float>) as? Tensor
    }

    /// As `volumeConvolutionWeightGradient`, where there are tiles for it.
    func stridedWeightGradient(_ x: Tensor, _ window: VolumeWindow, weight: Shape, groups: Int) -> Tensor? {
        guard let g = self as? Tensor<Float>, let x = x as? Tensor<Float>,
            let tiles = StridedTiles(window, input: x.shape, weight: weight, groups: groups)
        else { return nil }
        return tiles.weightGradient(x, g, weight) as? Tensor
    }
}
