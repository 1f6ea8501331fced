import CFFTW
import CKernels

/// Channels per block, as `GlobalFilter.c` has them.
private let blockChannels = 16

/// Two buffers for the packed map of one block and the transforms between them.
private struct PackedTransform {
    let sizes: GlobalFilterSizes
    let forward: OpaquePointer
    let inverse: OpaquePointer

    init(_ sizes: GlobalFilterSizes) {
        self.sizes = sizes
        let (height, width, count) = (sizes.height, sizes.width, blockChannels / 2)
        forward = FourierPlans.plan(.complexFloat(height: height, width: width, count: count, inverse: false))
        inverse = FourierPlans.plan(.complexFloat(height: height, width: width, count: count, inverse: true))
    }

    var elements: Int { sizes.positions * blockChannels }
    var blocks: Int { (sizes.channels + blockChannels - 1) / blockChannels }
    func channels(_ block: Int) -> Int { min(blockChannels, sizes.channels - block * blockChannels) }

    /// Where a block of an image starts within an activation.
    func start(_ image: Int, _ block: Int) -> Int {
        image * sizes.positions * sizes.channels + block * blockChannels
    }

    func toSpectrum(
        _ x: UnsafePointer<Float>, _ image: Int, _ block: Int, _ map: UnsafeMutablePointer<Float>,
        _ spectrum: UnsafeMutablePointer<Float>
    ) {
        hb_filter_gather(x + start(image, block), sizes.channels, channels(block), map, sizes.positions)
        fftwf_execute_dft(forward, FourierPlans.complex(map), FourierPlans.complex(spectrum))
    }

    func toMap(
        _ spectrum: UnsafeMutablePointer<Float>, _ map: UnsafeMutablePointer<Float>, _ image: Int, _ block: Int,
        _ y: UnsafeMutablePointer<Float>
    ) {
        fftwf_execute_dft(inverse, FourierPlans.complex(spectrum), FourierPlans.complex(map))
        hb_filter_scatter(map, y + start(image, block), sizes.channels, channels(block), sizes.positions)
    }

    /// The coefficients of all blocks, 64 per bin.
    func coefficients(_ k: UnsafePointer<Float>, conjugating: Bool) -> Storage<Float> {
        let all = Storage<Float>(count: blocks * sizes.bins * 64)
        parallelFor(blocks, grain: max(1, 512 / sizes.bins)) { range in
            for block in range {
                hb_filter_coefficients(
                    k + 2 * block * blockChannels, 2 * sizes.channels, channels(block), sizes.height, sizes.width,
                    conjugating ? 1 : 0, Float(sizes.scale), all.pointer + block * sizes.bins * 64)
            }
        }
        return all
    }

    /// Calls `body` with every pair of a block and a range of `grain` images, the blocks of a range in turn.
    func forEachPiece(grain: Int, _ body: (_ block: Int, _ images: Range<Int>) -> Void) {
        let groups = (sizes.images + grain - 1) / grain
        ThreadPool.current.run(chunks: groups * blocks) { i in
            let first = i / blocks * grain
            body(i % blocks, first..<min(first + grain, sizes.images))
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: GlobalFilterKernels {
    public static func globalFilter(
        _ x: UnsafePointer<Float>, _ k: UnsafePointer<Float>, conjugating: Bool, _ y: UnsafeMutablePointer<Float>,
        _ sizes: GlobalFilterSizes
    ) {
        let transform = PackedTransform(sizes)
        func make() -> Storage<Float> { transform.coefficients(k, conjugating: conjugating) }
        let key = PackedWeights.Key(
            .frequencies, k, stride: sizes.positions, transposed: conjugating, rows: sizes.bins,
            columns: sizes.channels)
        let coefficients = PackedWeights.packed(key, make)
        let elements = transform.elements
        reserveScratch(Float.self, elements, elements, chunks: sizes.images * transform.blocks)
        transform.forEachPiece(grain: max(1, 8192 / elements)) { block, images in
            let map = Storage<Float>(count: transform.elements)
            let spectrum = Storage<Float>(count: transform.elements)
            for image in images {
                transform.toSpectrum(x, image, block, map.pointer, spectrum.pointer)
                hb_filter_multiply(
                    spectrum.pointer, coefficients.pointer + block * sizes.bins * 64, sizes.height, sizes.width)
                transform.toMap(spectrum.pointer, map.pointer, image, block, y)
            }
        }
    }

    public static func globalFilterGradients(
        _ x: UnsafePointer<Float>, _ k: UnsafePointer<Float>, _ g: UnsafePointer<Float>,
        dx: UnsafeMutablePointer<Float>?, dk: UnsafeMutablePointer<Float>, _ sizes: GlobalFilterSizes
    ) {
        let transform = PackedTransform(sizes)
        let coefficients = dx == nil ? nil : transform.coefficients(k, conjugating: true)
        // Partial sums of fixed ranges of images, added in order below.
        let grain = max(8, (sizes.images + 31) / 32)
        let groups = (sizes.images + grain - 1) / grain
        let blockSums = sizes.bins * 64
        let row = transform.blocks * blockSums
        let partials = Storage<Float>(count: groups * row)
        let elements = transform.elements
        reserveScratch(Float.self, elements, elements, elements, chunks: groups * transform.blocks)
        transform.forEachPiece(grain: grain) { block, images in
            let map = Storage<Float>(count: transform.elements)
            let inputs = Storage<Float>(count: transform.elements)
            let gradients = Storage<Float>(count: transform.elements)
            let sums = partials.pointer + images.lowerBound / grain * row + block * blockSums
            clear(sums, blockSums)
            for image in images {
                transform.toSpectrum(x, image, block, map.pointer, inputs.pointer)
                transform.toSpectrum(g, image, block, map.pointer, gradients.pointer)
                hb_filter_accumulate(inputs.pointer, gradients.pointer, sums, sizes.height, sizes.width)
                guard let dx, let coefficients else { continue }
                hb_filter_multiply(
                    gradients.pointer, coefficients.pointer + block * blockSums, sizes.height, sizes.width)
                transform.toMap(gradients.pointer, map.pointer, image, block, dx)
            }
        }
        parallelFor(transform.blocks, grain: 1) { range in
            for block in range {
                let sums = partials.pointer + block * blockSums
                for group in 1..<max(1, groups) { hb_accumulate(sums + group * row, sums, blockSums) }
                hb_filter_finish(
                    sums, sizes.height, sizes.width, Float(sizes.scale), dk + 2 * block * blockChannels,
                    2 * sizes.channels, transform.channels(block))
            }
        }
    }

    public static func blend(
        _ rows: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>),
        _ weights: (Float, Float, Float, Float), _ y: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        hb_blend(rows.0, rows.1, rows.2, rows.3, weights.0, weights.1, weights.2, weights.3, y, count)
    }

    public static func addScaled(
        _ x: UnsafePointer<Float>, _ scale: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int
    ) { hb_add_scaled(x, scale, y, count) }
}
