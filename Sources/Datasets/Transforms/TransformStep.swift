import Tensors

/// One step over an image of bytes. Random steps draw from the sample's own random numbers.
public enum TransformStep: Codable, Sendable, Hashable {
    /// To exactly this size, whatever the sides' ratio.
    case resize(width: Int, height: Int, filter: ResizeFilter)
    /// The shorter side to this length, the ratio kept.
    case resizeShorterSide(to: Int, filter: ResizeFilter)
    /// To this size by resizing until it is just covered, then cutting off evenly what is too much.
    case fit(width: Int, height: Int, filter: ResizeFilter)
    /// To this size by resizing until it is just contained, then filling the rest evenly on both sides with a colour, one
    /// value or one per channel.
    case pad(width: Int, height: Int, filter: ResizeFilter, fill: [UInt8])
    /// The middle; black where the image is smaller.
    case centerCrop(width: Int, height: Int)
    /// A random window of the image padded by `padding` pixels on every side.
    case randomCrop(width: Int, height: Int, padding: Int, mode: PaddingMode)
    /// A random part of area `scale` (low, high) and side ratio `ratio` (low, high), resized (Szegedy et al., 2015).
    case randomResizedCrop(width: Int, height: Int, scale: [Double], ratio: [Double], filter: ResizeFilter)
    /// Left and right exchanged, so often.
    case horizontalFlip(probability: Double)
    /// Rotation within +-degrees, shift within +-translate (parts of the sides), scale (low, high), horizontal shear
    /// within +-shear degrees; black beyond the edges.
    case affine(degrees: Double, translate: [Double], scale: [Double], shear: Double)
    /// Brightness, contrast, saturation within 1 +- value and hue within +-value of a turn, in random order.
    case colorJitter(brightness: Double, contrast: Double, saturation: Double, hue: Double)
    /// A few operations drawn for each image.
    case randAugment(RandAugment)
    /// One operation of any strength.
    case trivialAugment(TrivialAugment)
    /// The ratio kept, to a random multiple (low, high) of the size at which the image just fits into `longSide` for its
    /// longer side and `shortSide` for its shorter one; without either, of its own size.
    case randomResize(scale: [Double], longSide: Int?, shortSide: Int?, filter: ResizeFilter)
    /// A random window of exactly this size; right of and below smaller images lies a colour, one value or one per channel.
    /// It is drawn again, up to ten times, while one class alone is in it or has `classShare` of its pixels or more.
    case randomWindow(width: Int, height: Int, classShare: Double, fill: [UInt8])
    /// Up and down exchanged, so often.
    case verticalFlip(probability: Double)
    /// A quarter, a half or three quarters of a turn, so often.
    case quarterTurn(probability: Double)
    /// Each half of the time: brightness within +-value (of 255), contrast and saturation times a factor (low, high) and
    /// hue within +-value of a turn; contrast before or after the latter two.
    case photometric(brightness: Double, contrast: [Double], saturation: [Double], hue: Double)
    /// Random displacements (Simard et al., 2003; Ronneberger et al., 2015) of deviation `strength` that change over
    /// `smoothness`, both in pixels; black beyond the edges.
    case elastic(strength: Double, smoothness: Double)
    /// To this size with the image in the upper left corner, its ratio kept; right of and below it lies a colour, one value
    /// or one per channel. The image is made smaller where it does not fit, and larger only where it `enlarges`.
    case corner(width: Int, height: Int, enlarges: Bool, filter: ResizeFilter, fill: [UInt8])
    /// The ratio kept, until the shorter side has a length drawn from a list, or from the range between its smallest and
    /// largest value, or until the longer side has that of `longSide`.
    case randomSides(short: [Int], isRange: Bool, longSide: Int, filter: ResizeFilter)
    /// A random window whose height and width are drawn from ranges [low, high], no larger than the image. It is drawn again,
    /// up to ten times, while no object is in it, unless it `allowsEmpty`.
    case randomPart(height: [Int], width: [Int], allowsEmpty: Bool)
    /// A random window that overlaps each object in it by a least value drawn from `overlaps` (Liu et al., 2016), its sides
    /// `smallest` of the image's or more; objects stay where their centers do. It may also be any window, or all.
    case overlapCrop(overlaps: [Double], smallest: Double)
    /// So often without colour, its channels kept.
    case grayscale(probability: Double)
    /// So often with bytes from `threshold` on inverted.
    case solarize(probability: Double, threshold: Int)
    /// So often blurred by a Gaussian whose standard deviation in pixels is drawn from [low, high].
    case gaussianBlur(probability: Double, deviation: [Double])
    /// Chains of operations, mixed with each other and with the image.
    case augMix(AugMix)
    /// One of several lists of steps, each as often.
    case either([[TransformStep]])

    /// Whether the result depends on the image alone.
    package var isDeterministic: Bool {
        switch self {
        case .resize, .resizeShorterSide, .fit, .pad, .centerCrop: true
        case .randomResize(let scale, _, _, _): scale.count == 2 && scale[0] == scale[1]
        case .corner: true
        case .randomSides(let short, _, _, _): Set(short).count == 1
        case .either(let branches): branches.count == 1 && branches[0].allSatisfy(\.isDeterministic)
        case .randomPart, .overlapCrop, .randomCrop, .randomResizedCrop, .horizontalFlip, .affine, .colorJitter,
            .randAugment, .trivialAugment, .randomWindow,
            .verticalFlip, .quarterTurn, .photometric, .elastic, .grayscale, .solarize, .gaussianBlur, .augMix:
            false
        }
    }

    /// - Parameter guide: what is said about the image.
    package func apply(to canvas: inout Canvas, _ random: inout Random, guide: TransformGuide? = nil) {
        switch self {
        case .resize(let width, let height, let filter):
            canvas.resize(width: width, height: height, filter: filter)
        case .resizeShorterSide(let side, let filter):
            limitRatio(&canvas, to: Double(side) * Double(side))
            let shorter = min(canvas.width, canvas.height)
            canvas.resize(
                width: max(1, canvas.width * side / shorter), height: max(1, canvas.height * side / shorter),
                filter: filter)
        case .fit(let width, let height, let filter):
            fitCanvas(&canvas, width: width, height: height, filter: filter)
        case .pad(let width, let height, let filter, let fill):
            padCanvas(&canvas, width: width, height: height, filter: filter, fill: fill)
        case .centerCrop(let width, let height):
            cropCenter(&canvas, width: width, height: height)
        case .randomCrop(let width, let height, let padding, let mode):
            let x = offset(inside: canvas.width + 2 * padding - width, &random)
            let y = offset(inside: canvas.height + 2 * padding - height, &random)
            canvas.crop(x: x - padding, y: y - padding, width: width, height: height, padding: mode)
        case .randomResizedCrop(let width, let height, let scale, let ratio, let filter):
            let part = Datasets.randomPart(of: canvas, scale: scale, ratio: ratio, &random)
            canvas.crop(x: part.x, y: part.y, width: part.width, height: part.height)
            canvas.resize(width: width, height: height, filter: filter)
        case .horizontalFlip(let probability):
            if random.chance(probability) { canvas.mirror() }
        case .affine(let degrees, let translate, let scale, let shear):
            moveRandomly(&canvas, degrees: degrees, translate: translate, scale: scale, shear: shear, &random)
        case .colorJitter(let brightness, let contrast, let saturation, let hue):
            jitterColors(&canvas, [brightness, contrast, saturation, hue], &random)
        case .randAugment(let augment): augment.apply(to: &canvas, &random)
        case .trivialAugment(let augment): augment.apply(to: &canvas, &random)
        case .randomResize(let scale, let long, let short, let filter):
            resizeRandomly(&canvas, scale: scale, longSide: long, shortSide: short, filter: filter, &random)
        case .randomWindow(let width, let height, let classShare, let fill):
            let window = Pair(height, width)
            cutWindow(&canvas, window, classShare: classShare, fill: fill, &random, guide)
        case .verticalFlip(let probability):
            if random.chance(probability) { canvas.reorient(4) }
        case .quarterTurn(let probability):
            if random.chance(probability) { canvas.reorient([6, 3, 8][random.integer(below: 3)]) }
        case .photometric(let brightness, let contrast, let saturation, let hue):
            distortColors(&canvas, brightness, contrast: contrast, saturation: saturation, hue: hue, &random)
        case .elastic(let strength, let smoothness):
            let warp = Warp(canvas.size, strength: strength, smoothness: smoothness, &random)
            if strength > 0 { canvas.warp(warp) }
        case .corner(let width, let height, let enlarges, let filter, let fill):
            placeInCorner(&canvas, Pair(height, width), enlarges: enlarges, filter: filter, fill: fill)
        case .randomSides(let short, let isRange, let long, let filter):
            resizeSides(&canvas, short, isRange: isRange, longSide: long, filter: filter, &random)
        case .randomPart(let height, let width, let allowsEmpty):
            cutPart(&canvas, height: height, width: width, allowsEmpty: allowsEmpty, &random, guide)
        case .overlapCrop(let overlaps, let smallest):
            cutByOverlap(&canvas, overlaps, smallest: smallest, &random, guide)
        case .grayscale(let probability):
            if random.chance(probability) { canvas.blendWithGray(0) }
        case .solarize(let probability, let threshold):
            if random.chance(probability) { canvas.mapLevels { $0 < threshold ? $0 : 255 - $0 } }
        case .gaussianBlur(let probability, let deviation):
            if random.chance(probability) { canvas.blur(deviation: random.uniform(deviation[0], deviation[1])) }
        case .augMix(let augment): augment.apply(to: &canvas, &random)
        case .either(let branches):
            guard !branches.isEmpty else { return }
            let branch = branches.count > 1 ? branches[random.integer(below: branches.count)] : branches[0]
            for step in branch { step.apply(to: &canvas, &random, guide: guide) }
        }
    }
}
