import Autograd
import Tensors

/// Multi-head self-attention of Swin within windows of a map, with a learned bias for each relative position (Liu et al.,
/// arXiv 2103.14030, section 3.2). The map is extended to whole windows after its norm, so with the projections of zeros.
public struct WindowAttention: Sendable {
    /// Whether and when windows are moved by half of their size.
    public enum Shift: Sendable, Hashable {
        /// The windows stand where the map begins.
        case none
        /// Along each axis on which the map has more than one window, as in torchvision and timm.
        case betweenWindows
        /// Always, as in mmdetection and the authors' detectors.
        case always

        /// The windows of a map.
        package func windows(_ size: Pair, on map: Pair) -> AttentionWindows {
            func moved(_ extent: Int, _ window: Int) -> Int {
                self == .always || self == .betweenWindows && extent > window ? window / 2 : 0
            }
            return AttentionWindows(
                map: map, size: size,
                shift: Pair(moved(map.height, size.height), moved(map.width, size.width)))
        }
    }

    /// The bias of each relative position, [(2h - 1)(2w - 1), heads].
    package let table: Parameter
    /// To queries, keys and values.
    package let projection: Linear
    /// Over the joined heads.
    package let output: Linear
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Parts that attend on their own.
    let heads: Int
    /// In pixels of the map.
    let window: Pair
    /// Whether and when windows are moved.
    let shift: Shift

    /// - Throws: `ModelError` when the channels cannot be divided among the heads.
    public init(
        _ scope: Scope, channels: Int, heads: Int, window: Pair, shift: Shift = .none,
        initializer: Initializer = .normal(deviation: 0.02)
    ) throws {
        guard heads >= 1, channels % heads == 0 else {
            throw ModelError("\(scope.path): \(channels) channels cannot be divided among \(heads) heads")
        }
        path = scope.path
        self.heads = heads
        self.window = window
        self.shift = shift
        table = scope.parameter(
            "relative_position_bias_table", [(2 * window.height - 1) * (2 * window.width - 1), heads], role: .bias,
            initializer: .normal(deviation: 0.02))
        projection = Linear(scope["qkv"], inputs: channels, outputs: 3 * channels, initializer: initializer)
        output = Linear(scope["proj"], inputs: channels, outputs: channels, initializer: initializer)
    }

    /// The attention of norm(x), [N, H, W, C]; the norm and the projection are one operation where that is faster.
    public func callAsFunction<S: Scalar>(
        _ x: Variable<S>, norm: LayerNorm, _ context: Context<S>
    ) -> Variable<S> {
        let bias = projection.bias.map { context[$0] }
        let operands =
            ResidualSum.fusesRows(x)
            ? LayerPath.$current.withValue(projection.path) {
                x.normalizedLinear(
                    gain: context[norm.gain], offset: context[norm.bias], epsilon: norm.epsilon,
                    context[projection.weight], bias, splitInto: [3 * x.shape.columns])[0]
            } : projection(norm(x, context), context)
        let windows = shift.windows(window, on: Pair(x.shape[1], x.shape[2]))
        LayerProbe.show(path, view(operands, context[table], windows.isPadded ? bias : nil, windows))
        let mixed = LayerPath.$current.withValue(path) {
            operands.windowAttention(
                table: context[table], padding: windows.isPadded ? bias : nil, heads: heads, window: window,
                shift: windows.shift)
        }
        return output(mixed, context)
    }

    private func view<S: Scalar>(
        _ operands: Variable<S>, _ table: Variable<S>, _ padding: Variable<S>?, _ windows: AttentionWindows
    ) -> AttentionView? {
        guard let operands = operands.value as? Tensor<Float>, let table = table.value as? Tensor<Float> else {
            return nil
        }
        return .windows(
            WindowedAttention(
                operands: operands, table: table, padding: padding?.value as? Tensor<Float>, heads: heads,
                windows: windows))
    }

    /// The shape pass for a map [1, H, W, C].
    public func trace(_ map: Shape, _ trace: ModelTrace) throws -> Shape {
        let windows = shift.windows(window, on: Pair(map[1], map[2]))
        let kind = "attention in \(window) windows\(windows.shift == 0 ? "" : ", shifted"), \(heads) heads"
        return try trace.enter(ModelTrace.name(of: path), kind, parameters: [table]) {
            let tokens = Int.product(windows.count, windows.tokens)
            // What lies beyond the map is not projected: it is the same everywhere.
            _ = try projection.trace(map, trace)
            let result = try output.trace(map, trace)
            trace.note(scratch: Int.product(heads, windows.tokens, windows.tokens))
            return (result, Int.product(2, tokens, windows.tokens, map.columns))
        }
    }
}
