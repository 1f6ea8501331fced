import Autograd
import Datasets
import Layers
import Models
import Tensors

/// Asks a model where in an image it finds its answer.
package struct Explainer {
    let model: Model
    let store: ParameterStore<Float>
    /// Of the model's input.
    let size: Pair
    /// What is explained of an answer; nil where the task has nothing to say.
    let explained: (ModelOutput<Float>, _ classes: [Int]?) -> ExplainedAnswer?

    /// - Throws: `RecipeError` for a model of another make.
    package init<Task: LearningTask>(
        _ task: Task, _ model: any FeatureModel, _ store: ParameterStore<Float>, _ plan: TransformPlan
    ) throws {
        guard let model = model as? Model else {
            throw RecipeError("the model is not made of a backbone and a head, so that its answers cannot be explained")
        }
        (self.model, self.store, size) = (model, store, Pair(plan.height, plan.width))
        explained = { task.explained($0, classes: $1) }
    }

    /// Explains the answer for a single image.
    /// - Parameter input: normalised, [1, H, W, C].
    /// - Throws: `RecipeError` where the task or the model has no such explanation.
    package func explain(_ input: Tensor<Float>, _ options: ExplanationOptions) throws -> Explanation {
        let plain = model.answer(Variable(input), .evaluation(store))
        guard let answer = explained(plain, options.classIndex.map { [$0] }) else {
            throw RecipeError("the answers of this task are not explained, expected a classifier or a segmenter")
        }
        let probability = Self.probabilities(plain.logits.value, answer)[0]
        guard probability.isFinite else {
            throw RecipeError("the model's outputs for this image are not finite, so that nothing explains them")
        }
        let found: (place: String, heat: HeatMap)
        switch options.method {
        case .gradcam: found = try classActivation(input, answer, tap: options.tap)
        case .occlusion: found = ("", occlusion(input, answer, square: options.square, step: options.step))
        case .attention: found = try AttentionReading(self, input).last()
        case .rollout: found = try AttentionReading(self, input).rollout()
        }
        return Explanation(
            method: options.method, classIndex: answer.classes[0], probability: probability, place: found.place,
            heat: found.heat)
    }

    /// The weighted sum of the probabilities of each image.
    static func probabilities(_ scores: Tensor<Float>, _ answer: ExplainedAnswer) -> [Double] {
        let rows = Variable(scores.reshaped([scores.shape.rows, scores.shape.columns]))
        let shares = rows.scaled(by: 1 / answer.temperature).softmax().value
        let count = answer.weights.elementCount / answer.weights.shape[0]
        let images = scores.shape[0]
        return withElements(shares, answer.weights) { shares, weights in
            (0..<images).map { image in
                // The weights of one image serve all images that were made of it.
                let own = answer.weights.shape[0] == 1 ? 0 : image
                return (0..<count).reduce(0) {
                    $0 + Double(weights[own * count + $1]) * Double(shares[image * count + $1])
                }
            }
        }
    }
}
