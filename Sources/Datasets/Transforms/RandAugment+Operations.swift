import Foundation

extension RandAugment {
    /// The operations, under the names of timm's increasing set.
    package enum Operation: String, CaseIterable, Sendable {
        case autoContrast = "AutoContrast"
        case equalize = "Equalize"
        case invert = "Invert"
        case rotate = "Rotate"
        case posterize = "PosterizeIncreasing"
        case solarize = "SolarizeIncreasing"
        case solarizeAdd = "SolarizeAdd"
        case color = "ColorIncreasing"
        case contrast = "ContrastIncreasing"
        case brightness = "BrightnessIncreasing"
        case sharpness = "SharpnessIncreasing"
        case shearX = "ShearX"
        case shearY = "ShearY"
        case translateX = "TranslateXRel"
        case translateY = "TranslateYRel"

        /// timm's first table of weights (w0); Posterize and Invert are never drawn.
        var weight: Double {
            switch self {
            case .rotate: 0.3
            case .shearX, .shearY: 0.2
            case .translateX, .translateY: 0.1
            case .color, .sharpness, .autoContrast: 0.025
            case .solarize, .solarizeAdd, .contrast, .brightness, .equalize: 0.005
            case .posterize, .invert: 0
            }
        }
    }

    package func apply(_ draw: Draw, to canvas: inout Canvas) {
        let part = draw.level / 10
        let sign: Double = draw.isNegative ? -1 : 1
        func move(_ matrix: [Double]) { canvas.transform(matrix, filter: filter, fill: fill(canvas.channels)) }
        let increases = policy.increases
        /// 1 is the image as it is.
        let factor = increases ? max(0.1, 1 + sign * part * 0.9) : part * 1.8 + 0.1
        switch draw.operation {
        case .autoContrast: canvas.stretchContrast()
        case .equalize: canvas.equalize()
        case .invert: canvas.mapLevels { 255 - $0 }
        case .rotate: move(turn(degrees: sign * part * 30, width: canvas.width, height: canvas.height))
        case .posterize:
            let kept = max(0, increases ? 4 - Int(part * 4) : Int(part * 4))
            // As timm does, all bits or more leave the image alone.
            if kept < 8 { canvas.mapLevels { $0 & ~((1 << (8 - kept)) - 1) } }
        case .solarize:
            let strength = min(256, Int(part * 256))
            let threshold = increases ? 256 - strength : strength
            canvas.mapLevels { $0 < threshold ? $0 : 255 - $0 }
        case .solarizeAdd:
            let added = min(128, Int(part * 110))
            canvas.mapLevels { $0 < 128 ? $0 + added : $0 }
        case .color: canvas.blendWithGray(factor)
        case .contrast: canvas.blendWithMean(factor)
        case .brightness: canvas.blendWithBlack(factor)
        case .sharpness: canvas.blendWithSmooth(factor)
        case .shearX: move([1, sign * part * 0.3, 0, 0, 1, 0])
        case .shearY: move([1, 0, 0, sign * part * 0.3, 1, 0])
        case .translateX: move([1, 0, sign * part * 0.45 * Double(canvas.width), 0, 1, 0])
        case .translateY: move([1, 0, 0, 0, 1, sign * part * 0.45 * Double(canvas.height)])
        }
    }

    /// The fill for an image of so many channels.
    private func fill(_ channels: Int) -> [UInt8] {
        fill.count == channels ? fill : Array(repeating: fill[0], count: channels)
    }

}

/// From output to input of a turn about the middle, counter-clockwise.
func turn(degrees: Double, width: Int, height: Int) -> [Double] {
    // In Pillow's order and rounded as it rounds, so that a value on the edge between two bytes falls on the same side.
    let angle = -((degrees < 0 ? degrees + 360 : degrees) * (.pi / 180))
    func rounded(_ value: Double) -> Double { (value * 1e15).rounded(.toNearestOrEven) / 1e15 }
    let (cosine, sine) = (rounded(cos(angle)), rounded(sin(angle)))
    let (x, y) = (Double(width) / 2, Double(height) / 2)
    return [cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y]
}
