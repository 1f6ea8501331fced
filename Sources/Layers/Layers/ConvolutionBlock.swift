import Autograd
import Tensors

/// A convolution without bias, batch normalisation and relu, the unit of U-Nets and feature pyramids. The norm and the
/// relu are one operation, which keeps the convolution's result alone for the backward pass.
public struct ConvolutionBlock: Layer {
    /// The first step.
    public let convolution: Convolution
    /// The second one; relu follows.
    public let norm: BatchNorm
    /// The dotted path of the scope, for messages and random streams.
    public let path: String

    /// A block whose parameters are under `scope[convolution]` and `scope[norm]`, as files name them; `kernel`, `padding`
    /// and `dilation` are pixels, a number or a `Pair`, and the stride is 1.
    public init(
        _ scope: Scope, convolution: String, norm: String, inputs: Int, outputs: Int, kernel: Pair, padding: Pair,
        dilation: Pair = 1, initializer: Initializer = .uniformFanIn
    ) {
        path = scope.path
        self.convolution = Convolution(
            scope[convolution], inputs: inputs, outputs: outputs, kernel: kernel, padding: padding, dilation: dilation,
            bias: false, initializer: initializer)
        self.norm = BatchNorm(scope[norm], channels: outputs)
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs]; sizes as `Window.outputSize` says.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        norm(relu: convolution(x, context), context)
    }

    /// The same of maps that lie beside each other over the channels, as `Convolution` joins them.
    public func callAsFunction<S: Scalar>(joining parts: [Variable<S>], _ context: Context<S>) -> Variable<S> {
        norm(relu: convolution(joining: parts, context), context)
    }

    /// Checks the shape, enters both layers and returns the shape of the result.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try norm.trace(try convolution.trace(input, trace), trace)
    }
}
