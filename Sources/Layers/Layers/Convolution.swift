import Autograd
import Tensors

/// A convolution of channels-last maps.
public struct Convolution: Layer {
    public let weight: Parameter
    public let bias: Parameter?
    public let path: String
    let outputs: Int
    let kernel: Pair
    let stride: Pair
    let padding: Pair

    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Pair, stride: Pair = 1, padding: Pair = 0,
        bias: Bool = true, initializer: Initializer = .normal(deviation: 0.02),
        biasInitializer: Initializer = .constant(0)
    ) {
        path = scope.path
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        weight = scope.parameter(
            "weight", [outputs, kernel.height, kernel.width, inputs], layout: .convolution, role: .weight,
            initializer: initializer)
        self.bias = bias ? scope.parameter("bias", [outputs], role: .bias, initializer: biasInitializer) : nil
    }

    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.convolution(context[weight], bias.map { context[$0] }, stride: stride, padding: padding)
        }
    }

    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let size = Window(kernel: kernel, stride: stride, padding: padding).outputSize(Pair(input[1], input[2]))
        guard size.height > 0, size.width > 0 else {
            throw ModelError(
                "\(path): a map of \(input[1])x\(input[2]) is smaller than the \(kernel.height)x\(kernel.width) "
                    + "kernel, so nothing would be left; use larger images or a smaller stem stride")
        }
        let kind = "conv \(kernel.height)x\(kernel.width) / \(stride.height), \(input[3]) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight] + (bias.map { [$0] } ?? [])) {
            let output: Shape = [input[0], size.height, size.width, outputs]
            return (output, Int.product(output.dimensions + [kernel.height, kernel.width, input[3]]))
        }
    }
}

/// One odd kernel per channel, zero padding by half of it, so that stride 1 keeps the map's size.
public struct DepthwiseConvolution: Layer {
    public let weight: Parameter
    public let bias: Parameter?
    public let path: String
    let channels: Int
    let kernel: Int
    let stride: Int

    public init(
        _ scope: Scope, channels: Int, kernel: Int, stride: Int = 1, bias: Bool = true,
        initializer: Initializer = .normal(deviation: 0.02)
    ) {
        path = scope.path
        self.channels = channels
        self.kernel = kernel
        self.stride = stride
        weight = scope.parameter(
            "weight", [kernel, kernel, channels], layout: .depthwise, role: .weight, initializer: initializer)
        self.bias = bias ? scope.parameter("bias", [channels], role: .bias, initializer: .constant(0)) : nil
    }

    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.depthwiseConvolution(context[weight], bias.map { context[$0] }, stride: stride)
        }
    }

    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        trace.enter(
            ModelTrace.name(of: path),
            "depthwise \(kernel)x\(kernel)" + (stride > 1 ? " / \(stride)" : "") + ", \(channels)",
            parameters: [weight] + (bias.map { [$0] } ?? [])
        ) {
            let window = Window(kernel: Pair(kernel), stride: Pair(stride), padding: Pair(kernel / 2))
            let size = window.outputSize(Pair(input[1], input[2]))
            let output: Shape = [input[0], size.height, size.width, channels]
            return (output, Int.product(output.dimensions + [kernel, kernel]))
        }
    }
}
