import Autograd
import Datasets
import Layers
import Tasks
import Tensors

/// A model's answer: these rows of logits, and no maps.
func answer(_ rows: [[Float]]) -> ModelOutput<Float> {
    ModelOutput(logits: Variable(Tensor([rows.count, rows[0].count], rows.flatMap { $0 })), features: [])
}

/// Empty images with these labels.
func batch(_ labels: Labels, first: Int = 0) -> Batch<Labels> {
    Batch(images: ImageBatch(Tensor([labels.classes.count, 1, 1, 1], repeating: 0)), targets: labels)
}

func batch(_ classes: [Int32], of count: Int) -> Batch<Labels> { batch(Labels(classes: classes, classCount: count)) }

/// Some names of classes.
func names(_ count: Int) -> [String] { (0..<count).map { "c\($0)" } }

/// What layers need, of a model without parameters.
func emptyContext() -> Context<Float> { .evaluation(ParameterStore(Scope().list, seed: 0)) }
