import Autograd
import Tensors

/// Multi-head self-attention over all places of a map, which does not know where they are (Vaswani et al., arXiv
/// 1706.03762, section 3.2.2).
public struct SelfAttention: Layer {
    /// To queries, keys and values, those of each head beside each other.
    package let projection: Linear
    /// Over the joined heads.
    package let output: Linear
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Parts that attend on their own.
    let heads: Int

    /// - Throws: `ModelError` when the channels cannot be divided among the heads.
    public init(
        _ scope: Scope, channels: Int, heads: Int, initializer: Initializer = .normal(deviation: 0.02)
    ) throws {
        guard heads >= 1, channels % heads == 0 else {
            throw ModelError("\(scope.path): \(channels) channels cannot be divided among \(heads) heads")
        }
        path = scope.path
        self.heads = heads
        projection = Linear(scope["qkv"], inputs: channels, outputs: 3 * channels, initializer: initializer)
        output = Linear(scope["proj"], inputs: channels, outputs: channels, initializer: initializer)
    }

    /// The attention of a map [N, H, W, C], of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let (images, places, channels) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
        let parts = projection(x, context, splitInto: [channels, channels, channels])
        let mixed = LayerPath.$current.withValue(path) {
            let tokens = parts.map { $0.reshaped([images, places, channels]) }
            return Variable.attention(tokens[0], tokens[1], tokens[2], heads: heads).reshaped(x.shape)
        }
        return output(mixed, context)
    }

    /// Checks the shape, enters the layers and returns the shape of the result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "attention, \(heads) heads") {
            let places = Int.product(input[1], input[2])
            _ = try projection.trace(input, trace)
            let result = try output.trace(input, trace)
            trace.note(scratch: Int.product(heads, places, places))
            return (result, Int.product(2, places, places, input.columns))
        }
    }
}
