/// The size of a model's input for images whose size was not asked for.
package struct InputSize: Sendable, Equatable {
    package var width: Int
    package var height: Int
    /// What was decided, one sentence; nil when the images have that size themselves.
    package var notice: String?

    /// The usual sides of inputs.
    static let usual = [32, 48, 64, 96, 128, 160, 192, 224]
    /// Images of one size are taken as they are up to this side; beyond it a model is slow without being better.
    static let largestSide = 512

    /// The images' own size where they have one; else a usual square near the median of their shorter sides.
    package init(for shapes: ImageShapes) {
        if let size = shapes.commonSize {
            (width, height) = size
            guard max(width, height) > InputSize.largestSide else { return }
            let side = InputSize.nearest(to: min(width, height))
            notice =
                "The images are \(width)x\(height), large for an input, so \(side)x\(side) is taken; data.imageSize "
                + "chooses another."
            (width, height) = (side, side)
            return
        }
        let side = InputSize.nearest(to: shapes.median { min($0.width, $0.height) } ?? 1)
        (width, height) = (side, side)
        guard let (small, large) = shapes.extremes, let middleWidth = shapes.median(\.width),
            let middleHeight = shapes.median(\.height)
        else { return }
        notice =
            "The images differ in size (\(small.width)x\(small.height) to \(large.width)x\(large.height), median "
            + "\(middleWidth)x\(middleHeight)), so \(side)x\(side) is taken; data.imageSize chooses another."
    }

    /// The usual side with the smallest ratio to a length.
    static func nearest(to length: Int) -> Int {
        func ratio(_ side: Int) -> Double { Double(max(side, length)) / Double(max(1, min(side, length))) }
        return usual.min { ratio($0) < ratio($1) } ?? 32
    }
}
