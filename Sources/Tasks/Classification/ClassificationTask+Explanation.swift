import JSON
import Layers
import Reporting
import Tensors

// What of a classifier's answer is explained: the logit of a class.
extension ClassificationTask {
    /// The logit of the class, by default of the most probable one.
    public func explained(_ output: ModelOutput<Float>, classes: [Int]?) -> ExplainedAnswer? {
        let logits = output.logits.value
        let chosen = classes ?? logits.argmax()
        let weights = Tensor<Float>(logits.shape) { out in
            out.initialize(repeating: 0, count: logits.elementCount)
            for (image, index) in chosen.enumerated() { out[image * logits.shape.columns + index] = 1 }
        }
        return ExplainedAnswer(classes: chosen, weights: weights, temperature: Float(temperature))
    }

    /// The surest right answers and the surest wrong ones, of each for the class that was named.
    public func explainedImages(_ findings: ClassificationFindings) -> [ExplainedImage] {
        let (best, worst) = (findings.hits.prefix(4), findings.mistakes.prefix(4))
        return best.map { Self.explained($0, "best") } + worst.map { Self.explained($0, "worst") }
    }

    private static func explained(_ answer: ClassificationFindings.Mistake, _ kind: String) -> ExplainedImage {
        ExplainedImage(
            index: answer.index, classIndex: answer.predicted,
            members: [
                .init("kind", .string(kind)), .init("actual", .integer(answer.actual)),
                .init("predicted", .integer(answer.predicted)), .init("confidence", .measured(answer.confidence)),
            ])
    }
}
