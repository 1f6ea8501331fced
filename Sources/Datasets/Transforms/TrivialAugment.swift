import Tensors

/// TrivialAugment (Müller and Hutter, arXiv 2103.10158), the wide set of strengths: one operation for each image with a
/// strength drawn evenly. There is nothing to tune.
public struct TrivialAugment: Codable, Sendable, Hashable {
    /// The colour beyond the edges of a moved image, one value or one per channel.
    public var fill: [UInt8]
    /// How moved images are resampled.
    public var filter: ResizeFilter

    /// - Parameters:
    ///   - fill: the colour beyond the edges of a moved image, one value or one per channel.
    ///   - filter: how moved images are resampled.
    public init(fill: [UInt8], filter: ResizeFilter) { (self.fill, self.filter) = (fill, filter) }

    /// The operations of the article's table.
    package enum Operation: String, CaseIterable, Sendable {
        case identity, shearX, shearY, translateX, translateY, rotate, brightness, color, contrast, sharpness,
            posterize,
            solarize, autoContrast, equalize
    }

    /// One operation that was drawn.
    package struct Draw: Sendable, Equatable {
        package let operation: Operation
        /// 0...30, from no change to the strongest one.
        package let strength: Int
        /// The other direction, of those operations that have two.
        package let isNegative: Bool

        package init(operation: Operation, strength: Int, isNegative: Bool) {
            (self.operation, self.strength, self.isNegative) = (operation, strength, isNegative)
        }
    }

    /// The strongest one.
    package static let mostStrength = 30

    /// What an image gets.
    package func draw(_ random: inout Random) -> Draw {
        Draw(
            operation: Operation.allCases[random.integer(below: Operation.allCases.count)],
            strength: random.integer(below: Self.mostStrength + 1), isNegative: random.chance(0.5))
    }

    /// Translations are of 32 pixels at most, as published, or half of a side for smaller images.
    package func apply(_ draw: Draw, to canvas: inout Canvas) {
        let fill = fill.count == canvas.channels ? fill : Array(repeating: fill[0], count: canvas.channels)
        func move(_ matrix: [Double]) { canvas.transform(matrix, filter: filter, fill: fill) }
        /// In single precision as torchvision has it, from both ends, so that bytes agree.
        func strength(upTo most: Float) -> Double {
            let step = most / Float(Self.mostStrength)
            let value =
                2 * draw.strength < Self.mostStrength
                ? step * Float(draw.strength) : most - step * Float(Self.mostStrength - draw.strength)
            return draw.isNegative ? -Double(value) : Double(value)
        }
        func translation(_ side: Int) -> Double {
            -strength(upTo: min(32, Float(side) / 2)).rounded(.towardZero)
        }
        let part = Double(draw.strength) / Double(Self.mostStrength)
        /// 1 is the image as it is.
        let factor = 1 + strength(upTo: 0.99)
        switch draw.operation {
        case .identity: break
        case .shearX: move([1, strength(upTo: 0.99), 0, 0, 1, 0])
        case .shearY: move([1, 0, 0, strength(upTo: 0.99), 1, 0])
        case .translateX: move([1, 0, translation(canvas.width), 0, 1, 0])
        case .translateY: move([1, 0, 0, 0, 1, translation(canvas.height)])
        case .rotate: move(turn(degrees: strength(upTo: 135), width: canvas.width, height: canvas.height))
        case .brightness: canvas.blendWithBlack(factor)
        case .color: canvas.blendWithGray(factor)
        case .contrast: canvas.blendWithMean(factor)
        case .sharpness: canvas.blendWithSmooth(factor)
        case .posterize:
            let kept = 8 - Int((6 * part).rounded())
            canvas.mapLevels { $0 & ~((1 << (8 - kept)) - 1) }
        case .solarize:
            let threshold = 255 * (1 - part)
            canvas.mapLevels { Double($0) < threshold ? $0 : 255 - $0 }
        case .autoContrast: canvas.stretchContrast()
        case .equalize: canvas.equalize()
        }
    }

    func apply(to canvas: inout Canvas, _ random: inout Random) { apply(draw(&random), to: &canvas) }
}

/// One operation on an image.
package func triviallyAugmented(_ draw: TrivialAugment.Draw, _ augment: TrivialAugment, _ image: Image) -> Image {
    onCanvas(image) { augment.apply(draw, to: &$0) }
}
