import Autograd
import Tensors

/// A convolution of sequences [N, length, C]: that of maps of one row.
public struct SequenceConvolution: Layer {
    /// [outputs, kernel, inputs / groups].
    public let weight: Parameter
    /// [outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Channels of the result.
    let outputs: Int
    /// How the kernel meets the row.
    let window: Window
    /// Parts of the channels that do not see each other.
    let groups: Int
    /// Whether the kernel is turned around.
    let flipped: Bool

    /// A convolution of `inputs` to `outputs` channels; values are drawn as PyTorch does it unless said otherwise.
    /// - Parameters:
    ///   - groups: parts of the channels that do not see each other; divides `inputs` and `outputs`.
    ///   - flipped: a convolution as mathematics has it, with the kernel turned around, instead of the cross-correlation
    ///     that networks call by that name.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1, flipped: Bool = false, bias: Bool = true, initializer: Initializer = .uniformFanIn,
        biasInitializer: Initializer? = nil
    ) {
        require(
            groups >= 1 && inputs % groups == 0 && outputs % groups == 0, scope.path, [],
            "the \(groups) groups must divide the \(inputs) channels and the \(outputs) of the result")
        path = scope.path
        self.outputs = outputs
        window = Window(
            kernel: Pair(1, kernel), stride: Pair(1, stride), padding: Pair(0, padding), dilation: Pair(1, dilation))
        self.groups = groups
        self.flipped = flipped
        weight = scope.parameter(
            "weight", [outputs, kernel, inputs / groups], layout: .convolution, role: .weight, initializer: initializer)
        let fanIn = Double(inputs / groups * kernel)
        self.bias =
            bias
            ? scope.parameter(
                "bias", [outputs], role: .bias,
                initializer: biasInitializer ?? .uniform(bound: 1 / fanIn.squareRoot()))
            : nil
    }

    /// The sequences [N, length', outputs] of sequences [N, length, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            let shape = weight.shape
            let y = x.reshaped([x.shape[0], 1, x.shape[1], x.shape[2]]).convolution(
                context[weight].reshaped([shape[0], 1, shape[1], shape[2]]), bias.map { context[$0] },
                stride: window.stride, padding: window.padding, dilation: window.dilation, groups: groups,
                flipped: flipped)
            return y.reshaped([y.shape[0], y.shape[2], y.shape[3]])
        }
    }

    /// Checks the shape, enters the layer and returns the shape of the result.
    /// - Throws: `ModelError` when the kernel does not fit into the sequence.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let (length, kernel) = (window.outputSize(Pair(1, input[1])).width, window.kernel.width)
        guard length > 0 else {
            throw ModelError(
                "\(path): a sequence of \(input[1]) is smaller than the kernel of \(kernel), so nothing would be left; "
                    + "use longer sequences")
        }
        let kind = "sequence conv \(kernel) / \(window.stride.width), \(input[2]) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight] + (bias.map { [$0] } ?? [])) {
            ([input[0], length, outputs], Int.product([input[0], length, outputs, kernel, input[2] / groups]))
        }
    }
}
