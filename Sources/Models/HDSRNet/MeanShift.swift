import Autograd
import Layers
import Tensors

/// Adds a color to each pixel, or takes it away: a 1x1 convolution whose numbers are fixed, as in the papers' code and in
/// their counts of parameters.
struct MeanShift: Layer {
    /// The mean of red, green and blue over the images of DIV2K, from 0 to 1.
    private static let mean = [0.4488, 0.4371, 0.4040]

    private let shifter: Convolution

    /// - Parameter sign: 1 adds the color, -1 takes it away.
    init(_ scope: Scope, channels: Int, sign: Double) {
        // Images of other channels than red, green and blue are shifted by the mean of the three.
        let gray = Self.mean.reduce(0, +) / Double(Self.mean.count)
        let color = channels == Self.mean.count ? Self.mean : Array(repeating: gray, count: channels)
        let same = (0..<channels * channels).map { $0 / channels == $0 % channels ? 1.0 : 0 }
        shifter = Convolution(
            scope["shifter"], inputs: channels, outputs: channels, kernel: 1, initializer: .values(same),
            biasInitializer: .values(color.map { sign * $0 }))
        scope.hold(shifter.weight)
        if let bias = shifter.bias { scope.hold(bias) }
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> { shifter(x, context) }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape { try shifter.trace(input, trace) }
}
