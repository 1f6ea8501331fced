import Configuration
import Datasets

/// The keys of `data` for augmentations of images with objects in boxes.
package struct ObjectGeometryKeys: Sendable, Equatable {
    /// Lengths that the shorter side is drawn from; empty for the size that fits the input.
    package var shortSides: [Int]
    /// Whether any length between the smallest and the largest of those is drawn.
    package var sideRange: Bool
    /// The most that the longer side may have; nil for that of the input.
    package var longSide: Int?
    /// Before a part is cut out: lengths of the shorter side.
    package var middleSides: [Int]
    /// The sides of that part, [low, high].
    package var cropSides: [Int]
    /// Times the size that fits.
    package var jitterScale: [Double]
    package var cropOverlaps: [Double]
    package var cropSmallest: Double
    /// How often an image of training is joined with three others.
    package var mosaic: Double
    /// How many of the last epochs are without; nil for a tenth.
    package var mosaicClosing: Int?
    /// Whether batches are cut to what their images need.
    package var trimBatches: AutomaticSwitch

    init(_ reader: ConfigurationReader) {
        shortSides = reader.ints(
            "shortSides", default: [], in: 1...8192, count: 0...64,
            "With augmentation: detection or twoBranches: lengths that the shorter side is drawn from (published: 480 to 800 by "
                + "32); the size that fits the input when empty")
        sideRange = reader.bool(
            "sideRange", default: false, "Draw any length between the smallest and the largest of shortSides")
        longSide = reader.optionalInt(
            "longSide", in: 1...8192,
            "With shortSides: the most that the longer side may have (published: 1333); that of the input when absent")
        middleSides = reader.ints(
            "middleSides", default: [400, 500, 600], in: 1...8192, count: 1...64,
            "With augmentation: twoBranches: lengths of the shorter side before a part is cut out")
        cropSides = reader.ints(
            "cropSides", default: [384, 600], in: 1...8192, count: 2...2,
            "With augmentation: twoBranches: height and width of that part are drawn from [low, high]")
        jitterScale = reader.doubles(
            "jitterScale", default: [0.1, 2], in: 0.05...16, count: 2...2,
            "With augmentation: largeScaleJitter: the size that fits the input times a random factor, [low, high]")
        cropOverlaps = reader.doubles(
            "cropOverlaps", default: [0.1, 0.3, 0.5, 0.7, 0.9], in: 0...1, count: 1...64,
            "With augmentation: overlapCrop: the least overlap of the window with each object, one of these or any")
        cropSmallest = reader.double(
            "cropSmallest", default: 0.3, in: 0.01...1,
            "With augmentation: overlapCrop: the least part of the image's sides that a window has")
        mosaic = reader.double(
            "mosaic", default: 0, in: 0...1,
            "Probability with which a training image is joined with three others around a random place, for objects in boxes"
        )
        mosaicClosing = reader.optionalInt(
            "mosaicClosing", in: 0...100_000,
            "How many of the last epochs have no such images; a tenth of them, one at least, when absent")
        trimBatches = reader.automaticSwitch(
            "trimBatches", default: .automatic,
            "Batches of training have images of like shape (wide or high) and are cut to what the largest of them needs, in "
                + "steps of 32 pixels; auto = for objects in boxes, where images leave room in the input")
        for (key, pair) in [("cropSides", cropSides.map(Double.init)), ("jitterScale", jitterScale)]
        where pair.count == 2 && pair[0] > pair[1] {
            reader.problem(key, "found \(pair), expected the lower bound first")
        }
    }

    /// The first of so many epochs without joined images.
    func mosaicEnd(epochs: Int) -> Int { max(0, epochs - (mosaicClosing ?? max(1, epochs / 10))) }

    /// What is drawn of the image's size, before it is placed; nothing where it is what fits.
    func sizes(height: Int, width: Int, filter: ResizeFilter) -> [TransformStep] {
        shortSides.isEmpty
            ? []
            : [
                .randomSides(
                    short: shortSides, isRange: sideRange, longSide: longSide ?? max(height, width), filter: filter)
            ]
    }
}
