import Autograd
import Layers
import Tensors

/// The convolutions of a block.
struct ResNetBlockPlan {
    let branch: [ConvolutionShape]
    let projection: ConvolutionShape?
    /// Channels of zeros on each side of the input, and whether every second pixel of it is taken.
    let padding: Int
    let stride: Int
    /// The warehouses that what reads the block's input and the rest belong to, where there are any: those of the stage
    /// whose maps are read.
    let warehouses: (entry: Int, rest: Int)

    init(stage: Int, index: Int, inputs: Int, _ model: ResNetSpecification) {
        let (width, outputs) = (model.middle(stage), model.width(stage))
        stride = stage > 0 && index == 0 ? 2 : 1
        warehouses = (entry: index == 0 ? max(0, stage - 1) : stage, rest: stage)
        func link(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, groups: Int = 1) -> ConvolutionShape {
            ConvolutionShape(
                inputs: inputs, outputs: outputs, kernel: Pair(kernel), stride: Pair(stride),
                padding: Pair(kernel / 2), groups: groups)
        }
        branch =
            switch model.block {
            case .basic:
                [link(inputs, width, kernel: 3, stride: stride), link(width, outputs, kernel: 3, stride: 1)]
            case .bottleneck:
                [
                    link(inputs, width, kernel: 1, stride: 1),
                    link(width, width, kernel: 3, stride: stride, groups: model.grouping?.groups ?? 1),
                    link(width, outputs, kernel: 1, stride: 1),
                ]
            }
        let changes = stride != 1 || inputs != outputs
        padding = changes && model.shortcut == .padding ? (outputs - inputs) / 2 : 0
        projection = changes && model.shortcut == .projection ? link(inputs, outputs, kernel: 1, stride: stride) : nil
    }

    /// All of them, in the order in which torchvision makes them; the shortcut's kernel is never mixed of experts.
    var places: [ConvolutionMaker.Place] {
        (projection.map { [.init(shape: $0, warehouse: warehouses.entry, mixes: false)] } ?? [])
            + branch.enumerated().map { .init(shape: $1, warehouse: $0 == 0 ? warehouses.entry : warehouses.rest) }
    }
}

/// relu(shortcut(x) + branch(x)), the branch a chain of convolutions with norms, relu between them.
struct ResNetBlock: Layer {
    let branch: [(convolution: any Layer, norm: BatchNorm)]
    let projection: (convolution: any Layer, norm: BatchNorm)?
    let path: String
    private let padding: Int
    private let stride: Int

    /// - Parameter first: the number of the first of the plan's places among those of the network.
    init(_ scope: Scope, _ plan: ResNetBlockPlan, _ maker: ConvolutionMaker, first: Int) {
        path = scope.path
        (padding, stride) = (plan.padding, plan.stride)
        let next = plan.projection == nil ? first : first + 1
        branch = plan.branch.enumerated().map { i, shape in
            (
                maker.make(scope["conv\(i + 1)"], next + i), BatchNorm(scope["bn\(i + 1)"], channels: shape.outputs)
            )
        }
        projection = plan.projection.map { shape in
            let scope = scope["downsample"]
            return (maker.make(scope[0], first), BatchNorm(scope[1], channels: shape.outputs))
        }
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
