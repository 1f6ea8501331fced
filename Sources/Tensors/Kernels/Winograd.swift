import CKernels

/// What `Kernels/Convolution.swift` asks of an element type for 3x3 convolutions of stride 1 and padding 1. Maps may come
/// in parts, which lie beside each other over the channels.
public protocol WinogradKernels {
    /// Whether there are any.
    static var hasWinograd: Bool { get }
    /// y [N, H, W, outputs] for x of a shape [N, H, W, inputs], weight [outputs, 3, 3, inputs] and bias [outputs]; or,
    /// `turned`, the adjoint, y [N, H, W, inputs] for x of a shape [N, H, W, outputs]. Parts have so many channels each,
    /// those of x multiples of 16 but for the last.
    static func winogradConvolution(
        _ x: [UnsafePointer<Self>], parts: [Int], _ shape: Shape, _ weight: UnsafePointer<Self>,
        _ bias: UnsafePointer<Self>?, turned: Bool, into y: [UnsafeMutablePointer<Self>], parts outputParts: [Int])
    /// The gradient dw [outputs, 3, 3, inputs] of the weight for x of a shape [N, H, W, inputs] and the gradient
    /// g [N, H, W, outputs] of the result; `shares` says whether tiles may be shared among several tasks.
    static func winogradWeightGradient(
        _ x: [UnsafePointer<Self>], parts: [Int], _ shape: Shape, _ g: UnsafePointer<Self>, outputs: Int,
        shares: Bool, into dw: UnsafeMutablePointer<Self>)
}

private let hasWideRegisters = hb_winograd() != 0

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: WinogradKernels {
    public static var hasWinograd: Bool { hasWideRegisters }

    public static func winogradConvolution(
        _ x: [UnsafePointer<Float>], parts: [Int], _ shape: Shape, _ weight: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>?, turned: Bool, into y: [UnsafeMutablePointer<Float>], parts outputParts: [Int]
    ) {
        if shape[3] <= 4, !turned {
            FewInputConvolution(shape, outputs: outputParts[0]).run(x[0], weight, bias, into: y[0])
        } else {
            TiledConvolution(shape, inputs: parts, outputs: outputParts).run(x, weight, bias, turned: turned, into: y)
        }
    }

    public static func winogradWeightGradient(
        _ x: [UnsafePointer<Float>], parts: [Int], _ shape: Shape, _ g: UnsafePointer<Float>, outputs: Int,
        shares: Bool, into dw: UnsafeMutablePointer<Float>
    ) {
        if shape[3] <= 4 {
            FewInputConvolution(shape, outputs: outputs).weightGradient(x[0], g, into: dw)
        } else {
            TiledWeightGradient(shape, parts: parts, outputs: outputs, shares: shares).run(x, g, into: dw)
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: WinogradKernels {
    public static var hasWinograd: Bool { false }

    public static func winogradConvolution(
        _ x: [UnsafePointer<Double>], parts: [Int], _ shape: Shape, _ weight: UnsafePointer<Double>,
        _ bias: UnsafePointer<Double>?, turned: Bool, into y: [UnsafeMutablePointer<Double>], parts outputParts: [Int]
    ) { require(false, "winograd", "there is none in double precision") }

    public static func winogradWeightGradient(
        _ x: [UnsafePointer<Double>], parts: [Int], _ shape: Shape, _ g: UnsafePointer<Double>, outputs: Int,
        shares: Bool, into dw: UnsafeMutablePointer<Double>
    ) { require(false, "winograd", "there is none in double precision") }
}

/// The tiles of 4x4 pixels of a batch of maps.
struct Tiling {
    let map: hb_tiling
    let count: Int
    /// Where pixels are, unless maps follow each other.
    var layout: TileLayout?

    init(_ shape: Shape, layout: TileLayout? = nil) {
        let apart = layout?.apart ?? 1
        let (height, width) = (chunkCount(shape[1], grain: apart), chunkCount(shape[2], grain: apart))
        map = hb_tiling(
            height: height, width: width, down: (height + 3) / 4, across: (width + 3) / 4, slices: 0, deep: 0, step: 0,
            shift: 0, apart: apart, whole_height: shape[1], whole_width: shape[2])
        count = shape[0] * apart * apart * map.down * map.across
        self.layout = layout
    }

    /// Elements of an array of 36 places of so many elements each.
    static func room(_ elements: Int) -> Int { Int(HB_WINOGRAD_PLACES) * hb_winograd_distance(elements) }

    /// Elements of so many transformed tiles.
    static func room(tiles: Int, channels: Int) -> Int {
        Int(HB_WINOGRAD_PLACES) * hb_winograd_tiles(tiles, channels)
    }

    /// Memory of a task for so many elements. Sizes are powers of two, so that layers of different sizes take the same memory
    /// one after the other, which is in a cache.
    static func scratch(_ count: Int) -> Storage<Float> { Storage(count: rounded(count)) }

    /// As `reserveScratch`, for what tasks take with `scratch`.
    static func reserve(_ counts: [Int], chunks: Int) {
        let threads = min(ThreadPool.current.threads, chunks)
        guard threads > 1, !hb_in_worker() else { return }
        StoragePool.asForThreads {
            let held = (0..<threads).map { _ in counts.map { scratch($0) } }
            withExtendedLifetime(held) {}
        }
    }

    private static func rounded(_ count: Int) -> Int {
        count > 1 ? 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount) : count
    }

    /// Transforms tiles of x, of the channels of a range, which starts at a multiple of 16. They become tiles `at` and
    /// following of the `total` ones of v.
    func input(
        _ x: [UnsafePointer<Float>], parts: [Range<Int>], _ channels: Range<Int>, _ tiles: Range<Int>,
        into v: UnsafeMutablePointer<Float>, at: Int = 0, of total: Int
    ) {
        for (number, (x, part)) in zip(x, parts).enumerated() {
            let some = part.clamped(to: channels)
            guard !some.isEmpty else { continue }
            let target = hb_tile_target(
                v: v, at: at, total: total, channel: some.lowerBound - channels.lowerBound, channels: channels.count)
            withUnsafePointer(to: layout?.reading(map, part: number) ?? map) {
                hb_winograd_input(
                    x + (some.lowerBound - part.lowerBound), $0, layout?.inputStride ?? part.count, some.count,
                    tiles.lowerBound, tiles.count, target)
            }
        }
    }

    /// The same for the tiles of a gradient, which has so many channels, in one part.
    func gradient(
        _ g: UnsafePointer<Float>, stride: Int, _ channels: Range<Int>, _ tiles: Range<Int>,
        into v: UnsafeMutablePointer<Float>
    ) {
        let target = hb_tile_target(v: v, at: 0, total: tiles.count, channel: 0, channels: channels.count)
        withUnsafePointer(to: map) {
            hb_winograd_gradient(
                g + channels.lowerBound, $0, stride, channels.count, tiles.lowerBound, tiles.count, target)
        }
    }
}
