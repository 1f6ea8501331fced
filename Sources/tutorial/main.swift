import Autograd
import Checkpoints
import Datasets
import Layers
import Optim
import Tasks
import Tensors

// A model is a struct of layers. Each layer gets its part of a scope, which names and collects the parameters.
struct SmallNet: Sendable {
    let stem: Convolution
    let norm: LayerNorm
    let mixer: DepthwiseConvolution
    let head: Linear
    let parameters: ParameterList

    init(classes: Int) {
        let scope = Scope()
        let weights = Initializer.uniformFanIn
        stem = Convolution(scope["stem"], inputs: 1, outputs: 32, kernel: 3, padding: 1, initializer: weights)
        norm = LayerNorm(scope["norm"], channels: 32)
        mixer = DepthwiseConvolution(scope["mixer"], channels: 32, kernel: 5, initializer: weights)
        head = Linear(scope["head"], inputs: 32, outputs: classes, initializer: weights)
        parameters = scope.list
    }

    // Generic, so the same model runs in Float to train and in Double to check gradients.
    func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let x = norm(stem(images, context), context).gelu()
        let mixed = x * mixer(x, context)
        return head((x + mixed).globalAveragePooled(), context)
    }
}

let (train, test) = try Digits.load()
let plan = TransformPlan.small(
    width: 8, height: 8, channels: 1, padding: 1, flipProbability: 0,
    normalization: try .measured(on: train, width: 8, height: 8, channels: 1))
let options = LoaderOptions(batchSize: 64, shuffles: true)
let labels = LabelCollator(classCount: 10)
let batches = BatchLoader(
    train, transform: try Transform(plan, mode: .training), collator: labels, options: options)
let tests = BatchLoader(
    test, transform: try Transform(plan, mode: .evaluation), collator: labels,
    options: LoaderOptions(batchSize: 360))

let model = SmallNet(classes: 10)
let store = ParameterStore<Float>(model.parameters, seed: 0)
let optimizer = AdamW<Float>(groups: ParameterGroups(model.parameters, weightDecay: 0.01))
let gradients = Storage<Float>(count: model.parameters.flatCount)

for epoch in 0..<12 {
    batches.start(epoch: epoch)
    while let batch = try batches.next() {
        let tape = Tape<Float>()  // one tape for each step
        let context = Context(store, mode: .training, tape: tape)
        let logits = model(Variable(Tensor(batch)), context)
        tape.backward(from: logits.crossEntropy(labels: batch.targets.classes))
        _ = context.collectGradients(into: gradients)
        optimizer.update(parameters: store.flat, gradients: gradients, learningRate: 1e-2)
    }
}

tests.start(epoch: 0)
guard let batch = try tests.next() else { fatalError("the digits have a test part") }
let predictions = model(Variable(Tensor(batch)), .evaluation(store)).value.argmax()
let right = zip(predictions, batch.targets.classes).filter { $0 == Int($1) }.count
print("test accuracy \(Double(right) / Double(batch.count))")

// `tutorial small.safetensors` keeps what was learned, under PyTorch's names and shapes.
if let path = CommandLine.arguments.dropFirst().first { try SafetensorsFile(store).write(path: path) }
