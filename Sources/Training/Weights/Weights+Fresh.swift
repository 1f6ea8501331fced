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
    ///   - plan: how images are brought to the model's input; as published classifiers see them when absent.
    ///   - seed: the seed of the values.
    /// - Throws: `ModelError` or `RecipeError` when the outline makes no model or no input.
    package init(
        fresh outline: ModelOutline, vocabulary: Vocabulary? = nil, plan: TransformPlan? = nil, seed: UInt64 = 0
    ) throws {
        let (height, width) = (outline.height, outline.width)
        let specification = try outline.specification.resolved(height: height, width: width)
        let channels = specification.inputChannels
        let plan =
            plan
            ?? TransformPlan(
                width: width, height: height, channels: channels, training: [],
                evaluation: Weights.usualSteps(height: height, width: width),
                normalization: Weights.usualNormalization(channels: channels))
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

    /// The first values of a recipe's model as weights of its task; what only the data could tell is as the outline has it.
    ///
    /// Images are brought to the model's input as the recipe says, those of classifiers as published ones see them, and
    /// normalised as those of ImageNet.
    /// - Throws: as above.
    package init(fresh recipe: Recipe, seed: UInt64 = 0) throws {
        func make<C: TaskConfiguration>(_ task: C) throws -> Weights {
            let outline = recipe.outline
            let channels = outline.specification.inputChannels
            let plan =
                C.name == TaskRegistry.builtIn[0].name
                ? nil
                : try task.adapted(
                    recipe.data.fitted(for: C.self).plan(
                        height: outline.height, width: outline.width, channels: channels,
                        normalization: Weights.usualNormalization(channels: channels)))
            return try Weights(fresh: outline, vocabulary: task.vocabulary(outline), plan: plan, seed: seed)
        }
        self = try make(recipe.task)
    }

    private static func usualNormalization(channels: Int) -> Normalization {
        channels == 3
            ? .imageNet
            : Normalization(
                mean: Array(repeating: 0.5, count: channels), deviation: Array(repeating: 0.5, count: channels))
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
