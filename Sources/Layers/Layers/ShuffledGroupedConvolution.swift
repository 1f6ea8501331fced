import Autograd
import Tensors

/// A pointwise convolution in groups, the channels of its groups dealt out in turn, a 3x3 depthwise convolution and another
/// pointwise one in groups: the inside of ShuffleNet's unit without its norms. With g groups it costs 2 C^2 / g + 9 C
/// multiply-adds a pixel in place of 9 C^2. Zhang et al., arXiv 1707.01083, section 3.1.
public struct ShuffledGroupedConvolution: Layer {
    /// The first pointwise convolution.
    public let first: Convolution
    /// A kernel for each channel.
    public let depthwise: Convolution
    /// The second pointwise convolution.
    public let second: Convolution
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Parts of the channels of both pointwise convolutions.
    let groups: Int

    /// Of `channels`, which the groups divide.
    public init(_ scope: Scope, channels: Int, groups: Int, initializer: Initializer = .uniformFanIn) {
        path = scope.path
        self.groups = groups
        func pointwise(_ name: String, bias: Bool) -> Convolution {
            Convolution(
                scope[name], inputs: channels, outputs: channels, kernel: 1, groups: groups, bias: bias,
                initializer: initializer)
        }
        first = pointwise("first", bias: false)
        depthwise = Convolution(
            scope["depthwise"], inputs: channels, outputs: channels, kernel: 3, padding: 1, groups: channels,
            bias: false, initializer: initializer)
        second = pointwise("second", bias: true)
    }

    /// The mixed map, of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let grouped = first(x, context)
        let shuffled = LayerPath.$current.withValue(path) { grouped.channelsShuffled(groups: groups) }
        return second(depthwise(shuffled, context), context)
    }

    /// Checks the shape, enters the layers and returns the shape of the result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "shuffled grouped, \(groups) groups") {
            (try second.trace(try depthwise.trace(try first.trace(input, trace), trace), trace), 0)
        }
    }
}
