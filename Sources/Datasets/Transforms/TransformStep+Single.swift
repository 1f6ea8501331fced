import Foundation
import Tensors

// What the steps do that need nothing but the image.

/// A place in 0...range; the middle when there is no room.
func offset(inside range: Int, _ random: inout Random) -> Int {
    range > 0 ? random.integer(below: range + 1) : Int((Double(range) / 2).rounded(.down))
}

func cropCenter(_ canvas: inout Canvas, width: Int, height: Int) {
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
func limitRatio(_ canvas: inout Canvas, to square: Double) {
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

func randomPart(
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

func moveRandomly(
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

func jitterColors(_ canvas: inout Canvas, _ strengths: [Double], _ random: inout Random) {
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
