import Autograd
import Datasets
import Layers
import Tensors

/// What a run minimises. Classification is one; distillation adds teachers to it.
public protocol TrainingTask {
    /// The loss of a batch and the student's logits [count, classes].
    func loss(_ batch: Batch, _ context: Context<Float>) -> (loss: Variable<Float>, logits: Tensor<Float>)
}

/// Cross-entropy with label smoothing, or with the soft targets of mixed batches.
public struct ClassificationTask: TrainingTask {
    let model: any FeatureModel
    let labelSmoothing: Double

    public init(model: any FeatureModel, labelSmoothing: Double) {
        self.model = model
        self.labelSmoothing = labelSmoothing
    }

    public func loss(_ batch: Batch, _ context: Context<Float>) -> (loss: Variable<Float>, logits: Tensor<Float>) {
        let logits = model(Variable(batch.imageTensor()), context).logits
        if let targets = batch.targetTensor(classes: model.classes) {
            return (logits.crossEntropy(targets: targets), logits.value)
        }
        return (logits.crossEntropy(labels: Array(batch.labels), smoothing: labelSmoothing), logits.value)
    }
}
