import Autograd
import Datasets
import Layers
import Tensors

/// Classification: cross-entropy with label smoothing or with the soft targets of mixed batches, or binary cross-entropy
/// with either, each class with a weight where there are any.
public struct ClassificationTask: TrainingTask {
    let model: any FeatureModel
    let kind: LossSection.Kind
    let labelSmoothing: Double
    /// One for each output; empty for 1 everywhere.
    let classWeights: [Float]

    public init(
        model: any FeatureModel, labelSmoothing: Double, kind: LossSection.Kind = .crossEntropy,
        classWeights: [Float] = []
    ) {
        require(
            classWeights.isEmpty || classWeights.count == model.classes, "ClassificationTask",
            "got \(classWeights.count) class weights for \(model.classes) classes")
        self.model = model
        self.kind = kind
        self.labelSmoothing = labelSmoothing
        self.classWeights = classWeights
    }

    /// What a recipe asks for, with weights by the classes of its training images.
    /// - Throws: `RecipeError` when the weights are not one for each class.
    init(model: any FeatureModel, loss: LossSection, data: PreparedData) throws {
        self.init(
            model: model, labelSmoothing: loss.labelSmoothing, kind: loss.kind,
            classWeights: try loss.classWeights.values(of: data.splits.train, outputs: model.classes))
    }

    public func loss(_ batch: Batch, _ context: Context<Float>, update: Int) -> TaskLoss {
        let logits = model(Variable(Tensor(batch)), context).logits
        return TaskLoss(total: loss(of: logits, batch), logits: logits.value)
    }

    /// Of logits [count, classes], []: the mean over the images (crossEntropy) or over all elements (binaryCrossEntropy),
    /// each class's term times its weight.
    func loss(of logits: Variable<Float>, _ batch: Batch) -> Variable<Float> {
        switch kind {
        case .crossEntropy:
            if let targets = batch.targetTensor(classes: model.classes) {
                return logits.crossEntropy(targets: weighted(targets))
            }
            if classWeights.isEmpty {
                return logits.crossEntropy(labels: Array(batch.labels), smoothing: labelSmoothing)
            }
            return logits.crossEntropy(targets: weighted(smoothedTargets(batch)))
        case .binaryCrossEntropy:
            return logits.binaryCrossEntropy(
                targets: batch.targetTensor(classes: model.classes) ?? smoothedTargets(batch),
                classWeights: classWeights.isEmpty ? nil : Tensor([model.classes], classWeights))
        }
    }

    private func weighted(_ targets: Tensor<Float>) -> Tensor<Float> {
        classWeights.isEmpty ? targets : targets * Tensor([model.classes], classWeights)
    }

    /// The labels as targets [count, classes]: smoothing / classes everywhere, and 1 - smoothing more at the label.
    private func smoothedTargets(_ batch: Batch) -> Tensor<Float> {
        let classes = model.classes
        return Tensor([batch.count, classes]) { target in
            target.initialize(repeating: Float(labelSmoothing) / Float(classes), count: batch.count * classes)
            for i in 0..<batch.count { target[i * classes + Int(batch.labels[i])] += 1 - Float(labelSmoothing) }
        }
    }
}
