import Autograd
import Tensors

/// A linear layer over whole maps of one size [N, H, W, C]. Files hold its weight as PyTorch has it, for maps flattened with
/// their channels first; here its columns lie as our maps do, channels last, so that no map is turned.
package struct FlatteningLinear: Layer {
    /// [outputs, height, width, channels].
    package let weight: Parameter
    /// [outputs].
    package let bias: Parameter
    /// The dotted path of the scope, for messages and random streams.
    package let path: String

    /// - Parameter side: of the maps, in pixels.
    package init(
        _ scope: Scope, side: Int, channels: Int, outputs: Int, initializer: Initializer, biasInitializer: Initializer
    ) {
        path = scope.path
        weight = scope.parameter(
            "weight", [outputs, side, side, channels], layout: .flattened, role: .weight, initializer: initializer)
        bias = scope.parameter("bias", [outputs], role: .bias, initializer: biasInitializer)
    }

    private var inputs: Int { weight.shape.elementCount / max(1, weight.shape[0]) }

    /// [N, outputs] of maps [N, H, W, C].
    package func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.reshaped([x.shape[0], inputs]).linear(
                context[weight].reshaped([weight.shape[0], inputs]), context[bias])
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    package func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let outputs = weight.shape[0]
        return trace.enter(
            ModelTrace.name(of: path), "linear \(inputs) -> \(outputs), of maps", parameters: [weight, bias]
        ) {
            ([input[0], outputs], Int.product(input[0], inputs, outputs))
        }
    }
}
