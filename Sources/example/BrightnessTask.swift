import Autograd
import Datasets
import Layers
import Reporting
import Tasks
import Tensors

/// Says how bright an image is: one number, by the mean of the squared differences.
struct BrightnessTask: LearningTask {
    let vocabulary: Vocabulary
    /// The first one chooses the best weights.
    var metrics: [Metric] { [.brightnessError] }

    func collator(training: Bool) -> BrightnessCollator { BrightnessCollator() }

    func loss(
        _ output: ModelOutput<Float>, _ batch: Batch<BrightnessTargets>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        TaskLoss(total: output.logits.meanSquaredError(Tensor([batch.count, 1], batch.targets.values)))
    }

    func evaluator(_ options: EvaluationOptions) -> BrightnessEvaluator { BrightnessEvaluator() }
}
