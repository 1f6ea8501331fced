import Autograd
import Tensors

/// A convolution of channels-last maps whose taps are moved by given offsets, from pixel to pixel other ones; without bias.
/// Dai et al., arXiv 1703.06211.
package struct DeformableConvolution: Sendable {
    /// [outputs, kernel height, kernel width, inputs].
    package let weight: Parameter
    /// The dotted path of the scope, for messages and random streams.
    package let path: String
    private let outputs: Int
    private let kernel: Pair
    private let padding: Pair

    /// A convolution of `inputs` to `outputs` channels of stride 1; `kernel` and `padding` are pixels.
    package init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Pair, padding: Pair, initializer: Initializer
    ) {
        path = scope.path
        self.outputs = outputs
        self.kernel = kernel
        self.padding = padding
        weight = scope.parameter(
            "weight", [outputs, kernel.height, kernel.width, inputs], layout: .convolution, role: .weight,
            initializer: initializer)
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs].
    /// - Parameter offsets: [N, H', W', 2 taps], of each tap, row by row, how far it moves down and to the right.
    package func callAsFunction<S: Scalar>(
        _ x: Variable<S>, offsets: Variable<S>, _ context: Context<S>
    ) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.deformableConvolution(context[weight], offsets: offsets, padding: padding)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of the result. Reading between pixels is not counted.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    package func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let size = Window(kernel: kernel, stride: 1, padding: padding).outputSize(Pair(input[1], input[2]))
        guard size.height > 0, size.width > 0 else {
            throw ModelError("\(path): a map of \(input[1])x\(input[2]) is smaller than the kernel; use larger images")
        }
        let kind = "deformable conv \(kernel.height)x\(kernel.width), \(input[3]) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight]) {
            let output: Shape = [input[0], size.height, size.width, outputs]
            return (output, Int.product(output.dimensions + [kernel.height, kernel.width, input[3]]))
        }
    }
}
