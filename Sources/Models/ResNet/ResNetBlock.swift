import Autograd
import Layers
import Tensors

/// relu(shortcut(x) + branch(x)), the branch a chain of convolutions with norms, relu between them.
struct ResNetBlock: Layer {
    let branch: [(convolution: Convolution, norm: BatchNorm)]
    let projection: (convolution: Convolution, norm: BatchNorm)?
    let path: String
    /// Channels of zeros on each side of the input, and whether every second pixel of it is taken.
    private let padding: Int
    private let stride: Int

    init(
        _ scope: Scope, inputs: Int, width: Int, outputs: Int, stride: Int, _ block: ResNetSpecification.Block,
        _ shortcut: ResNetSpecification.Shortcut
    ) {
        path = scope.path
        self.stride = stride
        func part(
            _ convolution: Scope, _ norm: Scope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int
        ) -> (Convolution, BatchNorm) {
            (
                Convolution(
                    convolution, inputs: inputs, outputs: outputs, kernel: Pair(kernel),
                    stride: Pair(stride), padding: Pair(kernel / 2), bias: false, initializer: .kaimingNormalFanOut),
                BatchNorm(norm, channels: outputs)
            )
        }
        let chain: [(inputs: Int, outputs: Int, kernel: Int, stride: Int)] =
            switch block {
            case .basic: [(inputs, width, 3, stride), (width, outputs, 3, 1)]
            case .bottleneck: [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
            }
        branch = chain.enumerated().map { i, link in
            part(
                scope["conv\(i + 1)"], scope["bn\(i + 1)"], link.inputs, link.outputs, kernel: link.kernel,
                stride: link.stride)
        }
        let changes = stride != 1 || inputs != outputs
        padding = changes && shortcut == .padding ? (outputs - inputs) / 2 : 0
        projection =
            changes && shortcut == .projection
            ? part(scope["downsample"][0], scope["downsample"][1], inputs, outputs, kernel: 1, stride: stride) : nil
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        var y = x
        for (i, part) in branch.enumerated() {
            if i > 0 { y = LayerPath.$current.withValue(path) { y.relu() } }
            y = part.norm(part.convolution(y, context), context)
        }
        let kept = projection.map { $0.norm($0.convolution(x, context), context) } ?? padded(x)
        return LayerPath.$current.withValue(path) { kept.addingResidual(y).relu() }
    }

    /// Option A.
    private func padded<S: Scalar>(_ x: Variable<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            let thinned = stride > 1 ? x.maxPooled(kernel: 1, stride: stride) : x
            guard padding > 0 else { return thinned }
            let zeros = Variable<S>(Tensor(thinned.shape.replacing(axis: -1, with: padding), repeating: 0))
            return .concatenated([zeros, thinned, zeros])
        }
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "ResNet block") {
            var shape = input
            for part in branch { shape = try part.norm.trace(try part.convolution.trace(shape, trace), trace) }
            if let projection {
                try trace.enter("downsample", "shortcut") {
                    (try projection.norm.trace(try projection.convolution.trace(input, trace), trace), 0)
                }
            }
            return (shape, 0)
        }
    }
}
