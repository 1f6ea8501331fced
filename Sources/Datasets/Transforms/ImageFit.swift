import CImages

/// How an image of another shape is brought to a model's input.
public enum ImageFit: String, Codable, Sendable, CaseIterable {
    /// Resized until the input is covered; what sticks out is cut off evenly.
    case crop
    /// Resized until it is contained; the rest is filled.
    case pad
    /// Each side resized by itself.
    case stretch
    /// Resized until it is contained, in the upper left corner; the rest is filled.
    case corner

    /// The step that does it.
    /// - Parameter fill: the colour beside a padded image, one value or one per channel.
    package func step(width: Int, height: Int, filter: ResizeFilter, fill: [UInt8]) -> TransformStep {
        switch self {
        case .crop: .fit(width: width, height: height, filter: filter)
        case .pad: .pad(width: width, height: height, filter: filter, fill: fill)
        case .stretch: .resize(width: width, height: height, filter: filter)
        case .corner: .corner(width: width, height: height, enlarges: true, filter: filter, fill: fill)
        }
    }

    /// Which part of an image's area is cut off, 0..<1.
    package func lostPart(of image: ImageShape, width: Int, height: Int) -> Double {
        guard self == .crop else { return 0 }
        let (a, b) = (Double(image.width) * Double(height), Double(image.height) * Double(width))
        return 1 - min(a, b) / max(a, b)
    }
}

/// What cropping costs, over some images.
package struct CroppingCost: Sendable, Equatable {
    /// Parts of an image's area, 0..<1.
    package let mean: Double
    package let median: Double
    package let largest: Double

    /// - Returns: nil when there are no images.
    package init?(_ shapes: ImageShapes, fit: ImageFit, width: Int, height: Int) {
        func lost(_ shape: ImageShape) -> Double { fit.lostPart(of: shape, width: width, height: height) }
        guard let median = shapes.median(lost) else { return nil }
        let total = shapes.counts.values.reduce(0, +)
        // In the order of the sizes, so that the last digit does not depend on a dictionary's.
        let losses = shapes.counts.map { (lost($0.key), $0.value) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        mean = losses.reduce(0) { $0 + $1.0 * Double($1.1) } / Double(total)
        largest = losses.last?.0 ?? 0
        self.median = median
    }
}

extension Normalization {
    /// The mean as bytes: what is about 0 after the normalisation.
    package var meanColor: [UInt8] {
        mean.map { UInt8(max(0, min(255, (255 * $0).rounded(.toNearestOrEven)))) }
    }
}

func padCanvas(_ canvas: inout Canvas, width: Int, height: Int, filter: ResizeFilter, fill: [UInt8]) {
    let factor = min(Double(width) / Double(canvas.width), Double(height) / Double(canvas.height))
    canvas.resize(
        width: max(1, min(width, Int((Double(canvas.width) * factor).rounded()))),
        height: max(1, min(height, Int((Double(canvas.height) * factor).rounded()))), filter: filter)
    canvas.surround(width: width, height: height, fill: fill)
}
