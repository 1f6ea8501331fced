import Tensors

/// How the pixels of an image moved: where each place of the moved image (the target) lay in the image that was moved
/// (the source). It is what makes masks, boxes and points follow the pixels.
///
/// The map is affine, but for elastic steps, which displace places smoothly. It is in continuous coordinates, see `Point`,
/// and draws no random numbers. What was cut off and came back as padding is known too: such places have no source, see
/// `visibleSource(of:)`.
public struct Motion: Sendable, Equatable {
    /// The size of the image that was moved.
    public let source: Pair
    /// The size of the moved image.
    public let target: Pair
    /// From target to source.
    let map: Way
    /// The images on the way from source to target whose edges hide some of the source within the target.
    let frames: [Frame]
    /// Whether objects go along only where the target shows the centers of their boxes, see `keepingCenters`.
    package private(set) var needsCenters = false

    init(_ map: Affine, from source: Pair, to target: Pair, frames: [Frame] = []) {
        self.init(Way(map), from: source, to: target, frames: frames)
    }

    private init(_ map: Way, from source: Pair, to target: Pair, frames: [Frame] = []) {
        (self.source, self.target, self.map, self.frames) = (source, target, map, frames)
    }

    /// A motion by any affine map: resizing, shearing, turning, shifting, or several at once.
    /// - Parameter matrix: row by row, [a, b, c, d, e, f]: the target's place (x, y) is the source's
    ///   (a x + b y + c, d x + e y + f).
    public init(matrix: [Double], from source: Pair, to target: Pair) {
        require(matrix.count == 6, "Motion", "an affine map has 6 numbers, not \(matrix.count)")
        self.init(
            Affine(matrix[0], matrix[1], matrix[2], matrix[3], matrix[4], matrix[5]), from: source, to: target)
    }

    /// No motion of an image of this size.
    public static func identity(_ size: Pair) -> Motion { Motion(Way.identity, from: size, to: size) }

    /// The window of the image whose upper left corner is at pixel `x`, `y`. It may leave the image: beyond the edges
    /// lies padding.
    public static func crop(_ size: Pair, x: Int, y: Int, to target: Pair) -> Motion {
        Motion(Affine(1, 0, Double(x), 0, 1, Double(y)), from: size, to: target)
    }

    /// The image with its upper left corner at pixel `left`, `top` of a larger one.
    public static func pad(_ size: Pair, left: Int, top: Int, to target: Pair) -> Motion {
        crop(size, x: -left, y: -top, to: target)
    }

    /// The image at another size, its edges on the edges of the new one, so that pixel i of the target has its center at
    /// (i + 0.5) source / target.
    public static func resize(_ size: Pair, to target: Pair) -> Motion {
        let (x, y) = (Double(size.width) / Double(target.width), Double(size.height) / Double(target.height))
        return Motion(Affine(x, 0, 0, 0, y, 0), from: size, to: target)
    }

    /// The image with left and right exchanged.
    public static func flip(_ size: Pair) -> Motion {
        Motion(Affine(-1, 0, Double(size.width), 0, 1, 0), from: size, to: size)
    }

    /// Each place of the image from where the displacements say.
    static func warp(_ size: Pair, _ warp: Warp) -> Motion { Motion(Way(.identity, [warp]), from: size, to: size) }

    /// The image turned or mirrored, by EXIF's number of the orientation that it undoes: 3 is half a turn, 4 exchanges up
    /// and down, 6 and 8 are a quarter of a turn clockwise and counter-clockwise.
    static func reorient(_ size: Pair, _ orientation: Int) -> Motion {
        let (width, height) = (Double(size.width), Double(size.height))
        switch orientation {
        case 3: return Motion(Affine(-1, 0, width, 0, -1, height), from: size, to: size)
        case 4: return Motion(Affine(1, 0, 0, 0, -1, height), from: size, to: size)
        case 6: return Motion(Affine(0, 1, 0, -1, 0, height), from: size, to: Pair(size.width, size.height))
        case 8: return Motion(Affine(0, -1, width, 1, 0, 0), from: size, to: Pair(size.width, size.height))
        default: return .identity(size)
        }
    }

    /// The affine map, row by row, as `init(matrix:from:to:)` takes it; without the displacements of elastic steps.
    public var matrix: [Double] { map.affine.matrix }

    /// Whether the map is affine; it is, but for elastic steps.
    public var isAffine: Bool { map.warps.isEmpty }

    /// Where a place of the target lay in the source, or would lie if the source went on beyond its edges.
    public func source(of place: Point) -> Point { map(place) }

    /// Where a place of the source lies in the target, or beside it; nil where the map cannot be inverted, so that all
    /// of the target shows a line of the source.
    public func target(of place: Point) -> Point? { map.origin(of: place) }

    /// By how much an area grows, that of the whole image where displacements differ; 0 where the map cannot be inverted.
    public var areaScale: Double { map.affine.inverse.map { abs($0.determinant) } ?? 0 }

    /// This motion and then another one, of the image that this one made.
    public func then(_ next: Motion) -> Motion {
        require(next.source == target, "Motion", "a motion of \(next.source) does not follow one to \(target)")
        let total = map.after(next.map)
        let inverse = total.warps.isEmpty ? total.first.inverse : nil
        // Nearly all frames are let go: where nothing leaves a frame, or nothing of the source lies outside it.
        func hides(_ frame: Frame) -> Bool { frame.hides(source, inverse, next.target) }
        var kept: [Frame] = []
        for frame in frames {
            let moved = Frame(frame.map.after(next.map), frame.size)
            if hides(moved) { kept.append(moved) }
        }
        let between = Frame(next.map, target)
        if hides(between) { kept.append(between) }
        kept += next.frames.filter(hides)
        var motion = Motion(total, from: source, to: next.target, frames: kept)
        motion.needsCenters = needsCenters || next.needsCenters
        return motion
    }

    /// The same motion, with which objects go along only where the target shows the centers of their boxes.
    package var keepingCenters: Motion {
        var motion = self
        motion.needsCenters = true
        return motion
    }

    /// The way back, from target to source; nil where the map cannot be inverted or is not affine. What is not in the target
    /// does not come back.
    public var inverse: Motion? {
        guard isAffine, let back = map.first.inverse else { return nil }
        return Motion(back, from: target, to: source, frames: frames.map { Frame($0.map.after(Way(back)), $0.size) })
    }
}
