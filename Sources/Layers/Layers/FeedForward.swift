import Autograd
import Tensors

/// Two linear layers over the channels with a function between them: `fc1` widens, `fc2` narrows.
public struct FeedForward: Layer {
    /// `fc1`.
    package let expand: Linear
    /// `fc2`.
    package let reduce: Linear
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// The function between them.
    public let activation: ElementwiseFunction

    /// From `channels` to `hidden` and back.
    public init(
        _ scope: Scope, channels: Int, hidden: Int, activation: ElementwiseFunction = .gelu,
        initializer: Initializer = .normal(deviation: 0.02)
    ) {
        path = scope.path
        self.activation = activation
        expand = Linear(scope["fc1"], inputs: channels, outputs: hidden, initializer: initializer)
        reduce = Linear(scope["fc2"], inputs: hidden, outputs: channels, initializer: initializer)
    }

    /// fc2(f(fc1(x))), of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let hidden = expand(x, context)
        if activation == .gelu { return reduce(gelu: hidden, context) }
        return reduce(LayerPath.$current.withValue(path) { hidden.map(activation) }, context)
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "MLP, \(activation.rawValue)") {
            (try reduce.trace(try expand.trace(input, trace), trace), 0)
        }
    }
}
