import CKernels

/// Where the pixels of a convolution by tiles are, unless whole maps follow each other: pixels of more channels than are
/// read, of which a group is one part, or slices of volumes.
public struct TileLayout: Sendable {
    /// Elements from a pixel to the next one of what is read; as many as the part has channels where absent.
    var inputStride: Int?
    /// The same of the result.
    var outputStride: Int?
    /// For slices of volumes.
    var slices: Slices?
    /// Groups that lie beside each other.
    var groups = 1
    /// The dilation: maps are cut into phases of pixels that lie so far from each other.
    var apart = 1

    /// Slices of volumes: the slices of the result that follow each other read slices that lie `step` apart.
    struct Slices: Sendable {
        /// Slices of a volume of the result and of what is read.
        let results: Int
        let deep: Int
        let step: Int
        /// The slice that the first one of the result reads in each part; below 0 for one before the volume.
        let shifts: [Int]
    }

    /// The tiling of what is read for a part.
    func reading(_ map: hb_tiling, part: Int) -> hb_tiling {
        guard let slices else { return map }
        var reading = map
        (reading.slices, reading.deep, reading.step) = (slices.results, slices.deep, slices.step)
        reading.shift = slices.shifts[part]
        return reading
    }
}

/// What groups and volumes ask of an element type that has convolutions by tiles; all parts begin at the same place.
public protocol TileLayoutKernels {
    /// As `winogradConvolution`, with pixels where the layout says; the weights of groups follow each other.
    static func tiledConvolution(
        _ x: UnsafePointer<Self>, parts: [Int], _ shape: Shape, _ weight: UnsafePointer<Self>,
        _ bias: UnsafePointer<Self>?, turned: Bool, into y: UnsafeMutablePointer<Self>, outputs: Int,
        _ layout: TileLayout)
    /// As `winogradWeightGradient`, likewise.
    static func tiledWeightGradient(
        _ x: UnsafePointer<Self>, parts: [Int], _ shape: Shape, _ g: UnsafePointer<Self>, outputs: Int,
        into dw: UnsafeMutablePointer<Self>, _ layout: TileLayout)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: TileLayoutKernels {
    public static func tiledConvolution(
        _ x: UnsafePointer<Float>, parts: [Int], _ shape: Shape, _ weight: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>?, turned: Bool, into y: UnsafeMutablePointer<Float>, outputs: Int,
        _ layout: TileLayout
    ) {
        let tiles = TiledConvolution(shape, inputs: parts, outputs: [outputs], layout: layout)
        if layout.groups > 1 {
            tiles.run(groups: layout.groups, x, weight, bias, turned: turned, into: y)
        } else {
            tiles.run(parts.map { _ in x }, weight, bias, turned: turned, into: [y])
        }
    }

    public static func tiledWeightGradient(
        _ x: UnsafePointer<Float>, parts: [Int], _ shape: Shape, _ g: UnsafePointer<Float>, outputs: Int,
        into dw: UnsafeMutablePointer<Float>, _ layout: TileLayout
    ) {
        let tiles = TiledWeightGradient(shape, parts: parts, outputs: outputs, shares: true, layout: layout)
        if layout.groups > 1 {
            tiles.run(groups: layout.groups, x, g, into: dw)
        } else {
            tiles.run(parts.map { _ in x }, g, into: dw)
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: TileLayoutKernels {
    public static func tiledConvolution(
        _ x: UnsafePointer<Double>, parts: [Int], _ shape: Shape, _ weight: UnsafePointer<Double>,
        _ bias: UnsafePointer<Double>?, turned: Bool, into y: UnsafeMutablePointer<Double>, outputs: Int,
        _ layout: TileLayout
    ) { require(false, "tiles", "there are none in double precision") }

    public static func tiledWeightGradient(
        _ x: UnsafePointer<Double>, parts: [Int], _ shape: Shape, _ g: UnsafePointer<Double>, outputs: Int,
        into dw: UnsafeMutablePointer<Double>, _ layout: TileLayout
    ) { require(false, "tiles", "there are none in double precision") }
}
