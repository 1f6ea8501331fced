import Autograd
import Tensors

/// The unit of ShuffleNet: a grouped pointwise convolution, the channels of its groups dealt out in turn, a 3x3 depthwise
/// convolution and another grouped pointwise one, with batch norms, added to the input. With a stride of 2 the input, pooled,
/// stands beside the result instead. Zhang et al., arXiv 1707.01083, figure 2.
public struct ShuffleUnit: Layer {
    /// To the channels between.
    public let reduce: Convolution
    /// A kernel for each channel.
    public let depthwise: Convolution
    /// To the channels of the result.
    public let expand: Convolution
    /// Behind each of them; relu follows the first, and the sum.
    public let norms: [BatchNorm]
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Parts of the channels of both pointwise convolutions.
    let groups: Int
    /// 1 or 2.
    let stride: Int

    /// From `inputs` to `outputs` channels, which are the same for a stride of 1 and more for a stride of 2.
    /// - Parameter middle: channels between; a fourth of the result's when absent.
    /// - Throws: `ModelError` when the groups do not divide the channels or these do not fit the stride.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, groups: Int, middle: Int? = nil, stride: Int = 1,
        initializer: Initializer = .kaimingNormalFanOut
    ) throws {
        let (middle, added) = (middle ?? outputs / 4, stride == 1 ? outputs : outputs - inputs)
        guard stride == 1 ? inputs == outputs : stride == 2 && added > 0 else {
            throw ModelError(
                "\(scope.path): a shuffle unit from \(inputs) to \(outputs) channels cannot have a stride of \(stride); "
                    + "1 keeps the channels, 2 makes them more")
        }
        guard groups >= 1, middle >= 1, [inputs, middle, added].allSatisfy({ $0 % groups == 0 }) else {
            throw ModelError(
                "\(scope.path): \(groups) groups do not divide the channels \(inputs), \(middle) and \(added)")
        }
        path = scope.path
        self.groups = groups
        self.stride = stride
        reduce = Convolution(
            scope["reduce"], inputs: inputs, outputs: middle, kernel: 1, groups: groups, bias: false,
            initializer: initializer)
        depthwise = Convolution(
            scope["depthwise"], inputs: middle, outputs: middle, kernel: 3, stride: Pair(stride), padding: 1,
            groups: middle, bias: false, initializer: initializer)
        expand = Convolution(
            scope["expand"], inputs: middle, outputs: added, kernel: 1, groups: groups, bias: false,
            initializer: initializer)
        norms = [middle, middle, added].enumerated().map { BatchNorm(scope["norm\($0 + 1)"], channels: $1) }
    }

    /// The maps, each side divided by the stride and rounded up.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let narrow = norms[0](relu: reduce(x, context), context)
        let shuffled = LayerPath.$current.withValue(path) { narrow.channelsShuffled(groups: groups) }
        let branch = norms[2](expand(norms[1](depthwise(shuffled, context), context), context), context)
        return LayerPath.$current.withValue(path) {
            guard stride == 2 else { return (x + branch).relu() }
            return Variable.concatenated([x.averagePooled(kernel: 3, stride: 2, padding: 1), branch]).relu()
        }
    }

    /// Checks the shape, enters the layers and returns the shape of the result.
    /// - Throws: `ModelError` when the map is empty.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "shuffle unit, groups \(groups)") {
            let narrow = try norms[0].trace(try reduce.trace(input, trace), trace)
            let middle = try norms[1].trace(try depthwise.trace(narrow, trace), trace)
            let branch = try norms[2].trace(try expand.trace(middle, trace), trace)
            return (stride == 1 ? branch : branch.replacing(axis: -1, with: branch.columns + input.columns), 0)
        }
    }
}
