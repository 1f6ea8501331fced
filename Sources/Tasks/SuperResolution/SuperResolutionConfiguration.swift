import Configuration
import Datasets
import JSON
import Models
import Tensors

/// The keys of super-resolution: `loss`, and in `data` how much smaller images are made and what is cut out of them.
public struct SuperResolutionConfiguration: TaskConfiguration {
    /// What is minimised over the colors.
    public enum Kind: String, CaseIterable, Sendable {
        /// The mean of the absolute differences.
        case l1
        /// The mean of the squared differences.
        case mse
        /// The mean of sqrt(d^2 + 1e-6), smooth where a difference d is small (Lai et al., arXiv 1704.03915).
        case charbonnier
    }

    /// The word of `task`.
    public static let name = "superResolution"
    /// For the reference.
    public static let summary = "a larger image"

    /// The key `loss.kind`.
    public var kind = Kind.l1
    /// The key `data.scale`.
    public var scale = 2
    /// The key `data.patch`, in pixels of the small image.
    public var patch = 48

    /// Reads the section `loss` and the task's keys of `data`.
    public init(_ reader: ConfigurationReader) {
        reader.section("data", "Images and what is done to them") { reader in
            scale = reader.int(
                "scale", default: 2, in: EnlargingHeadSpecification.scales, "How much larger images become, each side")
            patch = reader.int(
                "patch", default: 48, in: 8...1024,
                "Side of what is cut out of the small image for training, in its pixels; the large one's is scale times this"
            )
        }
        reader.section("loss", "What is minimised") { reader in
            kind = reader.choice(
                "kind", default: .l1, "Of each color: l1, mse, or charbonnier, which is l1 but smooth around 0")
        }
    }

    /// Absolute differences.
    init(scale: Int) { self.scale = scale }

    /// Red, green and blue.
    public var outputs: Int? { PicturePairs.channelNames.count }

    /// What is cut out of the small images, in color.
    public var input: (size: Pair, channels: Int)? { (Pair(patch), 3) }

    /// What enlarges.
    public func head(classes: Int) -> (any HeadSpecification)? {
        EnlargingHeadSpecification(scale: scale, classes: classes)
    }

    /// The scale.
    public func settings(classNames: [String]) -> JSONValue { ["scale": .integer(scale)] }

    /// Windows of the images as they are, with the flips and turns that are asked for: what large images follow exactly.
    public func adapted(_ plan: TransformPlan) throws -> TransformPlan {
        var plan = plan
        let moves = try plan.training.filter { step in
            switch step {
            case .horizontalFlip, .verticalFlip, .quarterTurn: return true
            case .fit, .pad, .resize, .corner, .randomCrop: return false
            default:
                let name = "\(step)".prefix { $0 != "(" }
                throw RecipeError(
                    "the section data asks for \(name), but for super-resolution images are moved by windows, flips and "
                        + "quarter turns alone")
            }
        }
        guard plan.erasing == nil else {
            throw RecipeError("data.erasing is no part of super-resolution, expected 0")
        }
        let window = TransformStep.randomWindow(width: plan.width, height: plan.height, classShare: 1, fill: [0])
        (plan.training, plan.evaluation) = ([window] + moves, [])
        plan.normalization = Normalization(mean: [0, 0, 0], deviation: [1, 1, 1])
        return plan
    }
}

extension SuperResolutionConfiguration {
    private func options(_ request: DataRequest) -> PictureDataOptions {
        var options = PictureDataOptions(path: request.path, scale: scale)
        (options.validation, options.seed) = (request.validation, request.seed)
        (options.onBroken, options.packedMegabytes) = (request.onBroken, request.packedMegabytes)
        return options
    }

    /// Opens any folder of images, or the embedded digits.
    public func open(_ request: DataRequest) throws -> DatasetSplits<Picture> {
        try PictureData.open(options(request))
    }

    /// Opens one part of such data.
    public func openPart(
        _ request: DataRequest, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<Picture> {
        try PictureData.openPart(options(request), choice, isTrainedOn: isTrainedOn)
    }

    /// Training images must have room for a window, others for what structures are compared in.
    public func problem(_ splits: DatasetSplits<Picture>, path: String) throws -> String? {
        func small(_ dataset: (any AnnotatedDataset<Picture>)?, _ least: Int) throws -> (name: String, size: Pair)? {
            guard let dataset else { return nil }
            for index in 0..<dataset.count {
                let shape = try dataset.shape(index)
                if min(shape.height, shape.width) < least {
                    return (dataset.name(index), Pair(scale * shape.height, scale * shape.width))
                }
            }
            return nil
        }
        if let (name, size) = try small(splits.train, patch) {
            return
                "\(name) has \(size) pixels, but a window of \(patch)x\(patch) at a scale of \(scale) needs "
                + "\(scale * patch) a side; expected larger images or a smaller data.patch"
        }
        let least = (PictureComparison.window + 2 * scale + scale - 1) / scale
        for part in [splits.validation, splits.test] {
            if let (name, size) = try small(part, least) {
                return "\(name) has \(size) pixels, too few to be compared, expected \(scale * least) a side at least"
            }
        }
        return nil
    }

    /// The task.
    public func makeTask(
        _ vocabulary: Vocabulary, training: (any AnnotatedDataset<Picture>)?
    ) throws -> SuperResolutionTask {
        SuperResolutionTask(vocabulary: vocabulary, kind: kind, scale: try Self.scale(vocabulary))
    }

    /// Absolute differences, at the scale that the weights are for.
    public static func task(_ vocabulary: Vocabulary) throws -> SuperResolutionTask {
        SuperResolutionTask(vocabulary: vocabulary, kind: .l1, scale: try scale(vocabulary))
    }

    private static func scale(_ vocabulary: Vocabulary) throws -> Int {
        guard let scale = vocabulary.settings["scale"]?.integerValue, EnlargingHeadSpecification.scales.contains(scale)
        else {
            throw RecipeError("the weights' settings of super-resolution are damaged: scale is missing or not 2 to 4")
        }
        return scale
    }

    /// Random colors.
    public static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> Picture {
        let scale = (try? scale(vocabulary)) ?? 2
        let pixels = (0..<3 * scale * scale * height * width).map { _ in
            UInt8(truncatingIfNeeded: random.integer(below: 256))
        }
        return Picture(
            Image(width: scale * width, height: scale * height, channels: 3, pixels: pixels), scale: scale)
    }

    /// The large image, to be kept as a PNG.
    public static func picture(of annotation: Picture) -> Image? { annotation.image }

    /// Yes.
    public static var evaluatesWholeImages: Bool { true }

    /// No: colors.
    public static var answersWithClasses: Bool { false }

    /// From which size to which.
    public static func caption(_ annotation: Picture, _ classNames: [String]) -> String {
        "\(annotation.smallSize) to \(annotation.image.size)"
    }
}
