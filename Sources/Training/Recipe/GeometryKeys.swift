import Configuration
import Datasets

/// The keys of `data` for transforms that masks and boxes follow: scales, windows, deformations, and the distortion of
/// colors that goes with them.
package struct GeometryKeys: Sendable, Equatable {
    /// Times the image's size, or what `resizeFit` makes of it.
    package var resizeRange: [Double]
    /// [long, short], nil for the image's own size.
    package var resizeFit: [Int]?
    /// The most of a window that one class may take, 1 for anything.
    package var classShare: Double
    package var verticalFlip: Double
    package var quarterTurns: Double
    package var photometric: Bool
    /// How far and how smoothly images are deformed, in pixels; a strength of 0 does not.
    package var elastic: [Double]
    /// Those that augmentations for objects in boxes have.
    package var objects: ObjectGeometryKeys

    init(_ reader: ConfigurationReader) {
        resizeRange = reader.doubles(
            "resizeRange", default: [0.5, 2], in: 0.05...20, count: 2...2,
            "With augmentation: scaledCrop: the image's size times a random factor, [low, high]")
        resizeFit = reader.optionalInts(
            "resizeFit", in: 1...8192, count: 2...2,
            "With augmentation: scaledCrop: [long, short], the box that images are fitted into before that factor")
        classShare = reader.double(
            "classShare", default: 1, in: 0.05...1,
            "With augmentation: scaledCrop: windows in which one class covers more than this are drawn again, ten times at most"
        )
        verticalFlip = reader.double("verticalFlip", default: 0, in: 0...1, "Probability of a flip upside down")
        quarterTurns = reader.double(
            "quarterTurns", default: 0, in: 0...1, "Probability of a turn by 90, 180 or 270 degrees")
        photometric = reader.bool(
            "photometric", default: false,
            "Random brightness, contrast, saturation and hue as mmsegmentation has them, each half of the time")
        elastic = reader.doubles(
            "elastic", default: [0, 8], in: 0...1000, count: 2...2,
            "Smooth random deformation: [strength, smoothness] in pixels; a strength of 0 does not deform")
        if elastic.count == 2, elastic[0] > 0, elastic[1] < 1 {
            reader.problem("elastic", "found a smoothness of \(elastic[1]), expected at least 1 pixel")
        }
        objects = ObjectGeometryKeys(reader)
    }
}
