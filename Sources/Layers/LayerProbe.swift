import Autograd
import Tensors

/// Shows those who look along what the layers of a model in single precision compute, and lets them change what layers with
/// weights are given. It belongs to a task, so that no signature of a layer changes for those who only look.
package struct LayerProbe: Sendable {
    /// The one that looks along at this moment.
    @TaskLocal package static var current: LayerProbe?

    /// Called with what each attention compares.
    package var attention: (@Sendable (_ path: String, _ view: AttentionView) -> Void)?
    /// Called with what each convolution and each linear layer is given; it works with what is returned. While there is one,
    /// layers run one by one.
    package var input: (@Sendable (_ path: String, _ input: Tensor<Float>) -> Tensor<Float>)?
    /// Called with what each convolution and each batch norm makes; what is returned goes on.
    package var output: (@Sendable (_ path: String, _ output: Tensor<Float>) -> Tensor<Float>)?

    package init() {}

    /// Whether somebody looks at what single layers are given.
    static var watchesInputs: Bool { current?.input != nil }

    /// What a layer is given, as who looks along wants it.
    static func given<S: Scalar>(_ path: String, _ x: Variable<S>) -> Variable<S> { seen(x, current?.input, path) }

    /// What a layer makes, likewise.
    static func made<S: Scalar>(_ path: String, _ x: Variable<S>) -> Variable<S> { seen(x, current?.output, path) }

    private static func seen<S: Scalar>(
        _ x: Variable<S>, _ look: (@Sendable (String, Tensor<Float>) -> Tensor<Float>)?, _ path: String
    ) -> Variable<S> {
        guard let look, let tensor = x.value as? Tensor<Float>, let changed = look(path, tensor) as? Tensor<S> else {
            return x
        }
        return Variable(changed)
    }

    /// Shows an attention, where somebody looks along.
    static func show(_ path: String, _ view: @autoclosure () -> AttentionView?) {
        if let attention = current?.attention, let view = view() { attention(path, view) }
    }
}

/// What an attention compares.
package enum AttentionView: Sendable {
    /// Each token of a map with each of the keys, which come from convolutions with a stride.
    case tokens(TokenAttention)
    /// The tokens of each window of a map with one another.
    case windows(WindowedAttention)

    /// The rows and columns of the map whose tokens ask.
    package var map: Pair {
        switch self {
        case .tokens(let view): view.map
        case .windows(let view): view.windows.map
        }
    }
}

/// Queries and keys of the tokens of a map, a class token first where there is one.
package struct TokenAttention: Sendable {
    /// [N, heads, T, d].
    package let queries: Tensor<Float>
    /// [N, heads, S, d].
    package let keys: Tensor<Float>
    /// What products are multiplied with.
    package let scale: Double
    /// Of the tokens, without the class token.
    package let map: Pair
    /// Of the keys, without the class token's.
    package let keyMap: Pair
    /// Of the convolutions that keys come from.
    package let keyStride: Int
    /// Whether the first token and the first key are the class token's.
    package let hasToken: Bool
}

/// Queries and keys of the tokens of windows.
package struct WindowedAttention: Sendable {
    /// Queries, keys and values beside each other, [N, H, W, 3 C].
    package let operands: Tensor<Float>
    /// The bias of each relative position, [positions, heads].
    package let table: Tensor<Float>
    /// Queries, keys and values of what lies beyond the map, [3 C]; zeros when absent.
    package let padding: Tensor<Float>?
    /// Parts that attend on their own.
    package let heads: Int
    /// Where the windows stand.
    package let windows: AttentionWindows
}
