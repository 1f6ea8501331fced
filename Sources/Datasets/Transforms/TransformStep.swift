import Foundation
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

    /// Whether the result depends on the image alone.
    package var isDeterministic: Bool {
        switch self {
        case .resize, .resizeShorterSide, .fit, .pad, .centerCrop: true
        case .randomResize(let scale, _, _, _): scale.count == 2 && scale[0] == scale[1]
        case .randomCrop, .randomResizedCrop, .horizontalFlip, .affine, .colorJitter, .randAugment, .randomWindow,
            .verticalFlip, .quarterTurn, .photometric, .elastic:
            false
        }
    }

    /// - Parameter share: see `Transform.finish`.
    package func apply(
        to canvas: inout Canvas, _ random: inout Random, share: ((Motion) -> Double?)? = nil
    ) {
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
            let part = randomPart(of: canvas, scale: scale, ratio: ratio, &random)
            canvas.crop(x: part.x, y: part.y, width: part.width, height: part.height)
            canvas.resize(width: width, height: height, filter: filter)
        case .horizontalFlip(let probability):
            if random.chance(probability) { canvas.mirror() }
        case .affine(let degrees, let translate, let scale, let shear):
            moveRandomly(&canvas, degrees: degrees, translate: translate, scale: scale, shear: shear, &random)
        case .colorJitter(let brightness, let contrast, let saturation, let hue):
            jitterColors(&canvas, [brightness, contrast, saturation, hue], &random)
        case .randAugment(let augment): augment.apply(to: &canvas, &random)
        case .randomResize(let scale, let long, let short, let filter):
            resizeRandomly(&canvas, scale: scale, longSide: long, shortSide: short, filter: filter, &random)
        case .randomWindow(let width, let height, let classShare, let fill):
            let window = Pair(height, width)
            cutWindow(&canvas, window, classShare: classShare, fill: fill, &random, share)
        case .verticalFlip(let probability):
            if random.chance(probability) { canvas.reorient(4) }
        case .quarterTurn(let probability):
            if random.chance(probability) { canvas.reorient([6, 3, 8][random.integer(below: 3)]) }
        case .photometric(let brightness, let contrast, let saturation, let hue):
            distortColors(&canvas, brightness, contrast: contrast, saturation: saturation, hue: hue, &random)
        case .elastic(let strength, let smoothness):
            let warp = Warp(canvas.size, strength: strength, smoothness: smoothness, &random)
            if strength > 0 { canvas.warp(warp) }
        }
    }
}

/// A place in 0...range; the middle when there is no room.
private func offset(inside range: Int, _ random: inout Random) -> Int {
    range > 0 ? random.integer(below: range + 1) : Int((Double(range) / 2).rounded(.down))
}

private func cropCenter(_ canvas: inout Canvas, width: Int, height: Int) {
    // Halves round to even, as Python's `round` does, so that crops agree with torchvision's.
    let x = Int((Double(canvas.width - width) / 2).rounded(.toNearestOrEven))
    let y = Int((Double(canvas.height - height) / 2).rounded(.toNearestOrEven))
    if x != 0 || y != 0 || width != canvas.width || height != canvas.height {
        canvas.crop(x: x, y: y, width: width, height: height)
    }
}

/// Cuts the ends off an image that is more than 64 times as long as wide: grown until its shorter side fits, a line of
/// pixels would take any amount of memory. A large square leaves less room.
/// - Parameter square: the pixels of the image if its sides were those that it is grown to.
private func limitRatio(_ canvas: inout Canvas, to square: Double) {
    let ratio = min(64, max(1, Int(Double(4 * TransformPlan.mostPixels) / max(1, square))))
    let longest = ratio * min(canvas.width, canvas.height)
    if max(canvas.width, canvas.height) > longest {
        cropCenter(&canvas, width: min(canvas.width, longest), height: min(canvas.height, longest))
    }
}

func fitCanvas(_ canvas: inout Canvas, width: Int, height: Int, filter: ResizeFilter) {
    limitRatio(&canvas, to: Double(width) * Double(height))
    let factor = max(Double(width) / Double(canvas.width), Double(height) / Double(canvas.height))
    canvas.resize(
        width: max(width, Int((Double(canvas.width) * factor).rounded())),
        height: max(height, Int((Double(canvas.height) * factor).rounded())), filter: filter)
    cropCenter(&canvas, width: width, height: height)
}

private func randomPart(
    of canvas: Canvas, scale: [Double], ratio: [Double], _ random: inout Random
) -> (x: Int, y: Int, width: Int, height: Int) {
    let (width, height) = (canvas.width, canvas.height)
    let area = Double(width * height)
    for _ in 0..<10 {
        let target = area * random.uniform(scale[0], scale[1])
        let aspect = exp(random.uniform(log(ratio[0]), log(ratio[1])))
        let w = Int((target * aspect).squareRoot().rounded(.toNearestOrEven))
        let h = Int((target / aspect).squareRoot().rounded(.toNearestOrEven))
        if w > 0, h > 0, w <= width, h <= height {
            let y = random.integer(below: height - h + 1)
            let x = random.integer(below: width - w + 1)
            return (x, y, w, h)
        }
    }
    // The middle, as much of it as the ratio allows.
    let found = Double(width) / Double(height)
    var (w, h) = (width, height)
    if found < ratio[0] {
        h = min(height, Int((Double(width) / ratio[0]).rounded(.toNearestOrEven)))
    } else if found > ratio[1] {
        w = min(width, Int((Double(height) * ratio[1]).rounded(.toNearestOrEven)))
    }
    return ((width - w) / 2, (height - h) / 2, w, h)
}

private func moveRandomly(
    _ canvas: inout Canvas, degrees: Double, translate: [Double], scale: [Double], shear: Double,
    _ random: inout Random
) {
    let angle = random.uniform(-degrees, degrees) * .pi / 180
    let shiftX = random.uniform(-translate[0], translate[0]) * Double(canvas.width)
    let shiftY = random.uniform(-translate[1], translate[1]) * Double(canvas.height)
    let size = random.uniform(scale[0], scale[1])
    let slant = random.uniform(-shear, shear) * .pi / 180
    canvas.transform(
        inverseAffine(
            width: canvas.width, height: canvas.height, angle: angle, shift: (shiftX.rounded(), shiftY.rounded()),
            scale: size, shear: slant))
}

/// The matrix from output to input of: shear, scale and rotate about the middle, then shift; angles in radians.
package func inverseAffine(
    width: Int, height: Int, angle: Double, shift: (Double, Double), scale: Double, shear: Double
) -> [Double] {
    let (centerX, centerY) = (Double(width) / 2, Double(height) / 2)
    // Forward: rotation(angle) x scale x [1, -tan(shear); 0, 1].
    let a = scale * cos(angle)
    let b = scale * (-cos(angle) * tan(shear) - sin(angle))
    let c = scale * sin(angle)
    let d = scale * (cos(angle) - sin(angle) * tan(shear))
    let determinant = a * d - b * c
    let (ia, ib, ic, id) = (d / determinant, -b / determinant, -c / determinant, a / determinant)
    let (x, y) = (centerX + shift.0, centerY + shift.1)
    return [ia, ib, centerX - ia * x - ib * y, ic, id, centerY - ic * x - id * y]
}

private func jitterColors(_ canvas: inout Canvas, _ strengths: [Double], _ random: inout Random) {
    let order = random.permutation(4)
    let factors = strengths.enumerated().map { index, strength in
        index == 3 ? random.uniform(-strength, strength) : random.uniform(max(0, 1 - strength), 1 + strength)
    }
    for operation in order where strengths[operation] > 0 {
        switch operation {
        case 0: canvas.blendWithBlack(factors[0])
        case 1: canvas.blendWithMean(factors[1])
        case 2: canvas.blendWithGray(factors[2])
        default: canvas.shiftHue(factors[3])
        }
    }
}
