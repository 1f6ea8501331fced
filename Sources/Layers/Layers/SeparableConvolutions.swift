import Autograd
import Tensors

/// A depthwise convolution and a pointwise one behind it: space first, then channels. A standard convolution costs
/// k^2 C_out multiply-adds for each element of the middle map, this one k^2 + C_out: 1 / C_out + 1 / k^2 of it. Sifre, 2014;
/// Howard et al., arXiv 1704.04861.
public struct DepthwiseSeparableConvolution: Layer {
    /// A kernel for each channel.
    public let depthwise: Convolution
    /// Across the channels.
    public let pointwise: Convolution
    /// The dotted path of the scope, for messages and random streams.
    public let path: String

    /// From `inputs` to `outputs` channels; the kernel is a square. With a bias there is one, of the pointwise convolution.
    /// - Parameter padding: half of the kernel when absent, so that an odd one with stride 1 keeps the map's size.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Int = 3, stride: Int = 1, padding: Int? = nil,
        bias: Bool = true, initializer: Initializer = .uniformFanIn
    ) {
        path = scope.path
        depthwise = Convolution(
            scope["depthwise"], inputs: inputs, outputs: inputs, kernel: Pair(kernel), stride: Pair(stride),
            padding: Pair(padding ?? kernel / 2), groups: inputs, bias: false, initializer: initializer)
        pointwise = Convolution(
            scope["pointwise"], inputs: inputs, outputs: outputs, kernel: 1, bias: bias, initializer: initializer)
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        pointwise(depthwise(x, context), context)
    }

    /// Checks the shape, enters both layers and returns the shape of the result.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "depthwise separable") {
            (try pointwise.trace(try depthwise.trace(input, trace), trace), 0)
        }
    }
}

/// A column and a row in place of a square kernel: k x 1, then 1 x k, with nothing in between. It is every kernel of rank 1,
/// the product of the column and the row, such as Sobel's: 2 k parameters instead of k^2, and 2 / k of the multiplications
/// where maps are large.
public struct SpatiallySeparableConvolution: Layer {
    /// k x 1.
    public let vertical: Convolution
    /// 1 x k.
    public let horizontal: Convolution
    /// The dotted path of the scope, for messages and random streams.
    public let path: String

    /// From `inputs` to `outputs` channels. With a bias there is one, of the second convolution.
    /// - Parameters:
    ///   - middle: channels in between; `outputs` when absent.
    ///   - padding: half of the kernel when absent, so that an odd one with stride 1 keeps the map's size.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, middle: Int? = nil, kernel: Int = 3, stride: Int = 1,
        padding: Int? = nil, bias: Bool = true, initializer: Initializer = .uniformFanIn
    ) {
        path = scope.path
        let (middle, padding) = (middle ?? outputs, padding ?? kernel / 2)
        vertical = Convolution(
            scope["vertical"], inputs: inputs, outputs: middle, kernel: Pair(kernel, 1), stride: Pair(stride, 1),
            padding: Pair(padding, 0), bias: false, initializer: initializer)
        horizontal = Convolution(
            scope["horizontal"], inputs: middle, outputs: outputs, kernel: Pair(1, kernel), stride: Pair(1, stride),
            padding: Pair(0, padding), bias: bias, initializer: initializer)
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        horizontal(vertical(x, context), context)
    }

    /// Checks the shape, enters both layers and returns the shape of the result.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "spatially separable") {
            (try horizontal.trace(try vertical.trace(input, trace), trace), 0)
        }
    }
}

/// Three one-dimensional convolutions, across the channels, down and along, with nothing in between: filters
/// w[f, u, v, c] = lateral[f, c] vertical[f, u] horizontal[f, v], with C + 2 k parameters each instead of C k^2. Jin et al.,
/// arXiv 1412.5474.
public struct FlattenedConvolution: Layer {
    /// Across the channels.
    public let lateral: Convolution
    /// k x 1, for each filter by itself.
    public let vertical: Convolution
    /// 1 x k, likewise.
    public let horizontal: Convolution
    /// The dotted path of the scope, for messages and random streams.
    public let path: String

    /// From `inputs` to `outputs` channels. With a bias there is one, of the last convolution.
    /// - Parameter padding: half of the kernel when absent, so that an odd one with stride 1 keeps the map's size.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Int = 3, stride: Int = 1, padding: Int? = nil,
        bias: Bool = true, initializer: Initializer = .uniformFanIn
    ) {
        path = scope.path
        let padding = padding ?? kernel / 2
        lateral = Convolution(
            scope["lateral"], inputs: inputs, outputs: outputs, kernel: 1, bias: false, initializer: initializer)
        vertical = Convolution(
            scope["vertical"], inputs: outputs, outputs: outputs, kernel: Pair(kernel, 1), stride: Pair(stride, 1),
            padding: Pair(padding, 0), groups: outputs, bias: false, initializer: initializer)
        horizontal = Convolution(
            scope["horizontal"], inputs: outputs, outputs: outputs, kernel: Pair(1, kernel), stride: Pair(1, stride),
            padding: Pair(0, padding), groups: outputs, bias: bias, initializer: initializer)
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        horizontal(vertical(lateral(x, context), context), context)
    }

    /// Checks the shape, enters the three layers and returns the shape of the result.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "flattened") {
            (try horizontal.trace(try vertical.trace(try lateral.trace(input, trace), trace), trace), 0)
        }
    }
}
