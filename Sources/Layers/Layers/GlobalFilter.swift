import Autograd
import Tensors

/// A learned filter in the frequency plane, one for each channel: a circular convolution with a kernel as large as the map
/// (Rao et al., arXiv 2107.00645). A map of another size than the filter's is met by resizing the filter.
public struct GlobalFilter: Layer {
    /// [rows, columns, channels, 2], of a half spectrum.
    public let spectrum: Parameter
    /// The dotted path of the scope, for messages and random streams.
    public let path: String

    /// - Parameters:
    ///   - rows: those of the map that the filter fits as it is.
    ///   - columns: width / 2 + 1 of that map.
    public init(_ scope: Scope, channels: Int, rows: Int, columns: Int) {
        path = scope.path
        spectrum = scope.parameter(
            "complex_weight", [rows, columns, channels, 2], layout: .spectrum, role: .spectrum,
            initializer: .normal(deviation: 0.02))
    }

    /// The filtered map, of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) { x.globalFilter(context[spectrum]) }
    }

    /// Enters the layer and returns the shape of its result; transforms are not counted.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let kind = "global filter \(spectrum.shape[0])x\(spectrum.shape[1]), \(input.columns)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [spectrum]) { (input, 0) }
    }
}
