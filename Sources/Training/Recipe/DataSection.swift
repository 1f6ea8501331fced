import Configuration
import Datasets

/// The section `data`.
package struct DataSection: Sendable {
    /// How training images are changed.
    package enum Augmentation: String, CaseIterable, Sendable {
        /// A random crop of the padded image.
        case crop
        /// A random part of the image, resized; for photographs.
        case resizedCrop
        /// A random part of the input's size of the image at a random scale; for masks and boxes.
        case scaledCrop
        /// The whole image in the upper left corner of the input, at a random size if some are given; for boxes.
        case detection
        /// That, or a part of it at a random size, each half of the time.
        case twoBranches
        /// The image at a random scale within a wide range, in the upper left corner.
        case largeScaleJitter
        /// A random window that overlaps the objects in it enough (SSD).
        case overlapCrop
        /// As it is brought to the input.
        case plain = "none"

        /// Whether it is one for objects in boxes.
        var isForObjects: Bool {
            switch self {
            case .detection, .twoBranches, .largeScaleJitter, .overlapCrop: true
            case .plain, .crop, .resizedCrop, .scaledCrop: false
            }
        }
    }

    /// In which order an epoch shows the training images.
    package enum Sampling: String, CaseIterable, Sendable {
        /// Each image once.
        case shuffled
        /// As many images, every class equally often.
        case balanced
    }

    package var path: String
    package var sampling: Sampling
    /// In the order of the labels; `nil` takes the names of the data.
    package var classNames: [String]?
    package var validation: ValidationSource
    /// How many of the training images are learnt from; `nil` for all.
    package var trainingImages: Int?
    /// [height, width], `nil` takes the size of the images.
    package var imageSize: [Int]?
    package var fit: ImageFit
    package var filter: ResizeFilter
    package var mean: [Double]?
    package var deviation: [Double]?
    package var augmentation: Augmentation
    package var padding: Int?
    package var paddingMode: PaddingMode
    package var cropScale: [Double]
    package var cropRatio: [Double]
    package var flip: Double
    package var rotation: Double
    package var translation: Double
    package var scaling: [Double]
    package var shear: Double
    package var colorJitter: [Double]
    package var randAugment: RandAugment.Policy?
    package var trivialAugment: Bool
    /// Those of whole images' colors, and repeats.
    package var augmentations: AugmentationKeys
    package var erasing: Double
    /// What masks move along with.
    package var geometry: GeometryKeys
    package var evaluationCrop: Double
    package var cacheMegabytes: Int
    /// Memory for data whose images are all held in it.
    package var packedMegabytes: Int
    package var onBroken: BrokenImages.Policy

    init(_ reader: ConfigurationReader) {
        path = reader.path(
            "path", default: "digits",
            "`digits` (embedded), an image folder, a folder with IDX or CIFAR files, a CSV file that lists images, or tar files of "
                + "them; for segmentation `scenes` (embedded) or folders of images and masks")
        sampling = reader.choice(
            "sampling", default: .shuffled,
            "shuffled shows each training image once an epoch, balanced as many images with every class equally often")
        classNames = reader.optionalStrings(
            "classNames", "Names of the classes in the order of the labels; from the data when absent")
        validation = DataSection.validation(reader)
        trainingImages = reader.optionalInt(
            "trainingImages", in: 1...1_000_000_000,
            "Learn from so many of the training images only: every class keeps its share, fewer are among more, and the choice "
                + "is the same for every seed; all when absent")
        imageSize = DataSection.imageSize(reader)
        fit = reader.choice(
            "fit", default: .crop,
            "Images of another shape: crop covers the input and cuts off evenly what sticks out, pad keeps all of the image "
                + "and fills the rest with the mean colour, stretch resizes each side by itself, corner is pad with the image in the "
                + "upper left corner (always so with augmentations for boxes); in training, resizedCrop takes its parts of the image instead"
        )
        filter = reader.choice("filter", default: .bilinear, "How images are resized, antialiased")
        mean = reader.optionalDoubles(
            "mean", in: 0...1, count: 1...3, "Mean of each channel, pixels in 0..1; measured when absent")
        deviation = reader.optionalDoubles(
            "deviation", in: 1e-6...10, count: 1...3, "Deviation of each channel; measured when absent")
        augmentation = reader.choice(
            "augmentation", default: .crop,
            "Training images: crop (padded), resizedCrop (photographs), scaledCrop (a window of the image at a random scale, "
                + "for masks), detection (whole, in the upper left corner), twoBranches, largeScaleJitter or overlapCrop (for "
                + "boxes) or none")
        // Augmentations for boxes leave the image in the upper left corner, so that evaluation does, too.
        if augmentation.isForObjects { fit = .corner }
        padding = reader.optionalInt(
            "padding", in: 0...4096, "Pixels of padding for crop; an eighth of the height when absent")
        paddingMode = reader.choice("paddingMode", default: .zero, "What the padding is filled with")
        cropScale = reader.doubles(
            "cropScale", default: [0.08, 1], in: 1e-4...1, count: 2...2, "Area of a resized crop, [low, high]")
        cropRatio = reader.doubles(
            "cropRatio", default: [0.75, 4.0 / 3], in: 1e-2...100, count: 2...2,
            "Side ratio of a resized crop, [low, high]")
        flip = reader.double("flip", default: 0.5, in: 0...1, "Probability of a horizontal flip")
        rotation = reader.double("rotation", default: 0, in: 0...180, "Random rotation within ± degrees")
        translation = reader.double(
            "translation", default: 0, in: 0...1, "Random shift within ± this part of the sides")
        scaling = reader.doubles(
            "scaling", default: [1, 1], in: 0.01...100, count: 2...2, "Random scaling, [low, high]")
        shear = reader.double("shear", default: 0, in: 0...80, "Random shear within ± degrees")
        colorJitter = reader.doubles(
            "colorJitter", default: [0, 0, 0, 0], in: 0...100, count: 4...4, "Brightness, contrast, saturation, hue")
        randAugment = DataSection.randAugment(reader)
        trivialAugment = reader.bool(
            "trivialAugment", default: false,
            "One operation of RandAugment's kind for each image, its strength drawn evenly from a wide range (TrivialAugment); "
                + "there is nothing to tune, and it stands in for colorJitter")
        if trivialAugment, randAugment != nil {
            reader.problem(
                "trivialAugment", "randAugment is given as well, and one stands in for the other, expected one")
        }
        augmentations = AugmentationKeys(reader)
        augmentations.check(
            (trivialAugment ? ["trivialAugment"] : []) + (randAugment != nil ? ["randAugment"] : []), reader)
        if augmentations.repeats > 1, sampling == .balanced {
            reader.problem(
                "repeats", "found \(augmentations.repeats), expected 1 with sampling: balanced, or sampling: shuffled")
        }
        erasing = reader.double("erasing", default: 0, in: 0...1, "Probability of random erasing")
        evaluationCrop = DataSection.evaluationCrop(reader)
        cacheMegabytes = reader.int("cacheMegabytes", default: 1024, in: 0...1_000_000, "Memory for decoded images")
        packedMegabytes = reader.int(
            "packedMegabytes", default: PackedBudget.defaultMegabytes, in: 1...1_000_000,
            "Memory that IDX and CIFAR files may take, which are read as a whole; larger ones are refused")
        geometry = GeometryKeys(reader)
        onBroken = reader.choice(
            "onBroken", default: .fail,
            "An image that cannot be read stops the program, or is left out; skip reads every image once at the start")
        if let classNames, Set(classNames).count < classNames.count || classNames.contains("") {
            reader.problem("classNames", "found an empty name or the same name twice, expected different names")
        }
        if colorJitter[3] > 0.5 {
            reader.problem("colorJitter", "found \(colorJitter[3]) as the hue, expected at most 0.5 (half the circle)")
        }
        if (mean == nil) != (deviation == nil) {
            reader.problem(mean == nil ? "deviation" : "mean", "mean and deviation must be given together")
        }
        if let mean, let deviation, mean.count != deviation.count {
            reader.problem("deviation", "found \(deviation.count) values, expected \(mean.count) as in mean")
        }
        for (key, pair) in [("cropScale", cropScale), ("cropRatio", cropRatio), ("scaling", scaling)]
            + [("resizeRange", geometry.resizeRange)]
        where pair.count == 2 && pair[0] > pair[1] {
            reader.problem(key, "found \(pair), expected the lower bound first")
        }
    }

    private static func validation(_ reader: ConfigurationReader) -> ValidationSource {
        let text = reader.string(
            "validation", default: "auto",
            "What chooses the best weights: auto (the data's own validation part, else 0.1), a part of the training images, "
                + "a folder, or 0")
        if text == "auto" { return .automatic }
        guard let fraction = Double(text) else { return .folder(text) }
        guard (0..<1).contains(fraction) else {
            reader.problem("validation", "found `\(text)`, expected auto, a part from 0 to below 1, or a folder")
            return .nowhere
        }
        return fraction == 0 ? .nowhere : .fraction(fraction)
    }

    private static func evaluationCrop(_ reader: ConfigurationReader) -> Double {
        let part = reader.double(
            "evaluationCrop", default: 0, in: 0...1,
            "0 evaluates images as data.fit makes them; else data.fit makes them larger by 1 over this part (0.875, say; at "
                + "least 0.05), and the middle is evaluated")
        if part > 0, part < 0.05 {
            reader.problem("evaluationCrop", "found \(part), expected 0 (no cut) or 0.05 to 1, such as 0.875")
        }
        return part
    }

    private static func randAugment(_ reader: ConfigurationReader) -> RandAugment.Policy? {
        let text = reader.optionalString(
            "randAugment",
            "RandAugment as timm writes it, rand-m9-mstd0.5-inc1, say: parts m, mstd, mmax, n, p, inc and w; it stands in for "
                + "colorJitter")
        guard let text else { return nil }
        do { return try RandAugment.Policy(parsing: text) } catch {
            reader.problem("randAugment", error.problem)
            return nil
        }
    }

    private static func imageSize(_ reader: ConfigurationReader) -> [Int]? {
        guard
            let size = reader.optionalInts(
                "imageSize", in: 1...8192, count: 1...2,
                "[height, width] of the model's input; when absent the images' own, or a usual square where they differ or are large"
            )
        else { return nil }
        let sides = size.count == 1 ? [size[0], size[0]] : size
        if sides.reduce(1, *) > TransformPlan.mostPixels {
            reader.problem(
                "imageSize", "found \(sides), expected at most \(TransformPlan.mostPixels) pixels, 4096 x 4096 say")
        }
        return sides
    }
}
