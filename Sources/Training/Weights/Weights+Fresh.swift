import Datasets
import Layers
import Models
import Tasks

extension Weights {
    /// A model's first values, with all that a weights file says about itself: what other programs' weights are put into.
    ///
    /// - Parameters:
    ///   - outline: the model and its input size; images are normalised as those of ImageNet.
    ///   - vocabulary: what the outputs mean; numbered classes of images when absent.
    ///   - seed: the seed of the values.
    /// - Throws: `ModelError` or `RecipeError` when the outline makes no model or no input.
    package init(fresh outline: ModelOutline, vocabulary: Vocabulary? = nil, seed: UInt64 = 0) throws {
        let (height, width) = (outline.height, outline.width)
        let specification = try outline.specification.resolved(height: height, width: width)
        let channels = specification.inputChannels
        let plan = TransformPlan(
            width: width, height: height, channels: channels, training: [],
            evaluation: Weights.usualSteps(height: height, width: width),
            normalization: channels == 3
                ? .imageNet
                : Normalization(
                    mean: Array(repeating: 0.5, count: channels), deviation: Array(repeating: 0.5, count: channels)))
        if let problem = plan.problem { throw RecipeError("the model's images: \(problem)") }
        let model = try specification.makeModel(height: height, width: width)
        self.init(
            metadata: WeightsMetadata(
                specification: specification,
                vocabulary: vocabulary
                    ?? Vocabulary(
                        task: TaskRegistry.builtIn[0].name,
                        classNames: (0..<specification.classes).map { "class \($0)" }),
                transform: plan),
            model: model, store: ParameterStore(model.parameters, seed: seed))
    }

    /// How published weights see photographs: the middle of the image at 224 pixels, all of it from 384 on.
    private static func usualSteps(height: Int, width: Int) -> [TransformStep] {
        guard height == width, (160..<384).contains(width) else {
            return [.fit(width: width, height: height, filter: .bicubic)]
        }
        return [
            .resizeShorterSide(to: Int(Double(width) / 0.875), filter: .bicubic),
            .centerCrop(width: width, height: height),
        ]
    }
}
