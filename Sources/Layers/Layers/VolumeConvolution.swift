import Autograd
import Tensors

/// A convolution of channels-last volumes [N, D, H, W, C], whose kernel slides along three axes. Norms and pooling of volumes
/// are those of maps: `BatchNorm`, `volumeMaxPooled`, `volumeAveragePooled`, `globalAveragePooled`.
public struct VolumeConvolution: Layer {
    /// [outputs, kernel depth, kernel height, kernel width, inputs / groups].
    public let weight: Parameter
    /// [outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Channels of the result.
    let outputs: Int
    /// How the kernel meets the volume.
    let window: VolumeWindow
    /// Parts of the channels that do not see each other.
    let groups: Int
    /// Whether the kernel is turned about its middle.
    let flipped: Bool

    /// A convolution of `inputs` to `outputs` channels; `kernel`, `stride`, `padding` and `dilation` are a number or a
    /// `Triple`. Values are drawn as PyTorch does it unless said otherwise.
    /// - Parameters:
    ///   - groups: parts of the channels that do not see each other; divides `inputs` and `outputs`.
    ///   - flipped: a convolution as mathematics has it, with the kernel turned about its middle, instead of the
    ///     cross-correlation that networks call by that name.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Triple, stride: Triple = 1, padding: Triple = 0,
        dilation: Triple = 1, groups: Int = 1, flipped: Bool = false, bias: Bool = true,
        initializer: Initializer = .uniformFanIn, biasInitializer: Initializer? = nil
    ) {
        require(
            groups >= 1 && inputs % groups == 0 && outputs % groups == 0, scope.path, [],
            "the \(groups) groups must divide the \(inputs) channels and the \(outputs) of the result")
        path = scope.path
        self.outputs = outputs
        window = VolumeWindow(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
        self.groups = groups
        self.flipped = flipped
        weight = scope.parameter(
            "weight", [outputs, kernel.depth, kernel.height, kernel.width, inputs / groups], layout: .convolution,
            role: .weight, initializer: initializer)
        let fanIn = Double(inputs / groups * kernel.depth * kernel.height * kernel.width)
        self.bias =
            bias
            ? scope.parameter(
                "bias", [outputs], role: .bias,
                initializer: biasInitializer ?? .uniform(bound: 1 / fanIn.squareRoot()))
            : nil
    }

    /// The volumes [N, D', H', W', outputs] of volumes [N, D, H, W, inputs]; sizes as `VolumeWindow.outputSize` says.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.volumeConvolution(
                context[weight], bias.map { context[$0] }, stride: window.stride, padding: window.padding,
                dilation: window.dilation, groups: groups, flipped: flipped)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of the result.
    /// - Throws: `ModelError` when the kernel does not fit into the volume.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let size = window.outputSize(Triple(input[1], input[2], input[3]))
        guard size.depth > 0, size.height > 0, size.width > 0 else {
            throw ModelError(
                "\(path): a volume of \(input[1])x\(input[2])x\(input[3]) is smaller than the \(window.kernel) kernel, "
                    + "so nothing would be left; use larger volumes")
        }
        let spread =
            (window.dilation == 1 ? "" : ", dilation \(window.dilation.depth)")
            + (groups == 1 ? "" : ", groups \(groups)")
        let kind = "volume conv \(window.kernel) / \(window.stride.depth)\(spread), \(input[4]) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight] + (bias.map { [$0] } ?? [])) {
            let output: Shape = [input[0], size.depth, size.height, size.width, outputs]
            return (output, Int.product(output.dimensions + window.kernel.numbers + [input[4] / groups]))
        }
    }
}
