import ArgumentParser
import Datasets
import Exporting
import Tasks
import Training

extension WeightPrecision: ExpressibleByArgument {}

/// The options of `export` that say what an ONNX model is like.
struct GraphChoice: ParsableArguments {
    @Flag(help: "A classifier's ONNX model takes `image`, bytes of any size, and gives `probabilities`.")
    var withPreprocessing = false

    @Option(
        help: ArgumentHelp(
            "The ONNX model's weights: fp32, fp16 (half of the file), or int8 (convolutions and products in 8-bit integers, calibrated on the validation images).",
            valueName: "type"))
    var weights = WeightPrecision.fp32

    @Option(
        help: ArgumentHelp(
            "With --weights int8: the configuration or run whose validation images are used, or a folder of images; the run's own by default.",
            valueName: "config"), completion: .config)
    var data: String?

    /// - Parameter onnx: whether an ONNX model is asked for.
    func check(onnx: Bool) throws {
        if !onnx, withPreprocessing || weights != .fp32 {
            throw ValidationError(
                "\(withPreprocessing ? "--with-preprocessing" : "--weights") is about an ONNX model, expected --onnx FILE with it"
            )
        }
        if data != nil, weights != .int8 {
            throw ValidationError("--data names images to calibrate on, expected --weights int8 with it")
        }
    }

    /// How the graph prepares images; nil where it does not.
    /// - Throws: for weights of another task, or a step that no graph has.
    func preparation(_ metadata: WeightsMetadata, _ path: String) throws -> ImagePreparation? {
        guard withPreprocessing else { return nil }
        let task = metadata.vocabulary.task
        guard task == ClassificationConfiguration.name, metadata.specification.head == nil else {
            throw ExportError(
                "\(path) is of the task \(task), whose answers are about places in its input, expected a classifier with --with-preprocessing"
            )
        }
        return try ImagePreparation(metadata.transform, path)
    }
}

extension ImagePreparation {
    /// What an evaluation does.
    /// - Throws: `ExportError` for a step that no graph has.
    init(_ plan: TransformPlan, _ path: String) throws {
        let steps = try plan.evaluation.map { step -> Step in
            switch step {
            case .resize(let width, let height, let filter): return .resize(height: height, width: width, .init(filter))
            case .resizeShorterSide(let side, let filter): return .shorterSide(side, .init(filter))
            case .fit(let width, let height, let filter): return .cover(height: height, width: width, .init(filter))
            case .pad(let width, let height, let filter, let fill):
                return .contain(height: height, width: width, .init(filter), fill: fill)
            case .centerCrop(let width, let height): return .middle(height: height, width: width)
            default:
                throw ExportError(
                    "\(path): a step of the images' preparation has no graph, expected resize, resizeShorterSide, fit, pad or centerCrop"
                )
            }
        }
        // Whatever the steps leave is brought to the input's size, as the trainer does it.
        let last: Step = .cover(height: plan.height, width: plan.width, .bilinear)
        self.init(
            steps: Self.endsAt(plan, plan.evaluation.last) ? steps : steps + [last], mean: plan.normalization.mean,
            deviation: plan.normalization.deviation)
    }

    private static func endsAt(_ plan: TransformPlan, _ step: TransformStep?) -> Bool {
        switch step {
        case .resize(let width, let height, _), .fit(let width, let height, _), .pad(let width, let height, _, _),
            .centerCrop(let width, let height):
            width == plan.width && height == plan.height
        default: false
        }
    }
}

extension ImagePreparation.Filter {
    fileprivate init(_ filter: ResizeFilter) {
        switch filter {
        case .bilinear: self = .bilinear
        case .bicubic: self = .bicubic
        }
    }
}
