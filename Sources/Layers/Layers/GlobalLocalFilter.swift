import Autograd
import Tensors

/// HorNet's GlobalLocalFilter: half of the channels go through a 3x3 depthwise convolution, half through a learned
/// filter in the frequency plane (Rao et al., arXiv 2207.14284, section 3.3; GFNet, arXiv 2107.00645).
public struct GlobalLocalFilter: Layer {
    /// Before the channels are halved.
    package let preNorm: LayerNorm
    /// Of the first half.
    package let local: DepthwiseConvolution
    /// The filter of the second half, [rows, columns, channels / 2, 2].
    package let spectrum: Parameter
    /// After the halves are interleaved.
    package let postNorm: LayerNorm
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Of the map; half of them go each way.
    let channels: Int

    /// - Parameters:
    ///   - rows: the rows of the stored filter; resized when a map differs.
    ///   - columns: the columns of the stored half spectrum, width / 2 + 1 of the map it is made for.
    public init(
        _ scope: Scope, channels: Int, rows: Int, columns: Int, initializer: Initializer = .normal(deviation: 0.02)
    ) {
        path = scope.path
        self.channels = channels
        spectrum = scope.parameter(
            "complex_weight", [rows, columns, channels / 2, 2], layout: .spectrum, role: .spectrum,
            initializer: .normal(deviation: 0.02))
        local = DepthwiseConvolution(
            scope["dw"], channels: channels / 2, kernel: 3, bias: false, ownsInput: true, initializer: initializer)
        preNorm = LayerNorm(scope["pre_norm"], channels: channels, ownsInput: true)
        postNorm = LayerNorm(scope["post_norm"], channels: channels, ownsInput: true)
    }

    /// The mixed map, of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let halves = LayerPath.$current.withValue(path) {
            preNorm(x, context).split(channels: [channels / 2, channels / 2])
        }
        let localHalf = local(halves[0], context)
        let mixed = LayerPath.$current.withValue(path) {
            Variable.interleaved(localHalf, halves[1].globalFilter(context[spectrum], halvesInput: true))
        }
        return postNorm(mixed, context)
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        guard channels % 2 == 0 else {
            throw ModelError(
                "\(path): a global filter needs an even number of channels, but the gates have \(channels)")
        }
        let kind = "global filter \(spectrum.shape[0])x\(spectrum.shape[1]), \(channels)"
        return try trace.enter(ModelTrace.name(of: path), kind, parameters: [spectrum]) {
            var shape = try preNorm.trace(input, trace)
            _ = try local.trace(shape.replacing(axis: -1, with: channels / 2), trace)
            shape = try postNorm.trace(shape, trace)
            return (shape, 0)
        }
    }
}
