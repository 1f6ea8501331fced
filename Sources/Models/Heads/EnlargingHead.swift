import Autograd
import Configuration
import Layers
import Tensors

/// Everything that decides a head that enlarges images: convolutions to the channels of all pixels that become of one,
/// which are then put beside each other (Shi et al., arXiv 1609.05158), and one that makes colors of the channels.
public struct EnlargingHeadSpecification: HeadSpecification {
    /// In configurations and files.
    public static let name = "enlarging"
    /// The factors that there are.
    public static let scales = 2...4

    /// Colors of a pixel: red, green and blue.
    public var classes: Int
    /// Times the image's height and width.
    public var scale: Int

    /// Red, green and blue, unless said otherwise.
    public init(scale: Int, classes: Int = 3) { (self.scale, self.classes) = (scale, classes) }

    /// Those of the last layer.
    public var outputParameters: [String] { ["tail.weight"] }

    /// The factor of each step: 4 is twice 2.
    package var steps: [Int] { scale == 4 ? [2, 2] : [scale] }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkNumber("classes", classes, in: ModelLimits.classes)
        guard Self.scales.contains(scale) else {
            throw ModelError("the scale is \(scale), expected 2, 3 or 4")
        }
        guard taps.count == 1, let map = taps.first, map.stride == 1 else {
            throw ModelError(
                "images are enlarged from one map of their own size, but the backbone gives "
                    + "\(taps.map { "\($0.height)x\($0.width)" }.joined(separator: ", ")); model.name: hdsrnet has such a map"
            )
        }
        return EnlargingHead(scope, self, channels: map.channels)
    }
}

/// The layers of a head that enlarges. The answer is the large image [N, scale H, scale W, 3], from 0 to 1.
package struct EnlargingHead: Head {
    package let classes: Int
    private let steps: [Int]
    private let layers: [Convolution]
    private let tail: Convolution
    private let shift: MeanShift

    init(_ scope: Scope, _ specification: EnlargingHeadSpecification, channels: Int) {
        (classes, steps) = (specification.classes, specification.steps)
        layers = specification.steps.enumerated().map { index, factor in
            Convolution(
                scope["upsample"][index], inputs: channels, outputs: factor * factor * channels, kernel: 3, padding: 1,
                initializer: .uniformFanIn)
        }
        tail = Convolution(
            scope["tail"], inputs: channels, outputs: classes, kernel: 3, padding: 1, bias: false,
            initializer: .uniformFanIn)
        shift = MeanShift(scope["add_mean"], channels: classes, sign: 1)
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        var x = features.maps[features.maps.count - 1]
        for (factor, layer) in zip(steps, layers) {
            let wide = layer(x, context)
            x = LayerPath.$current.withValue(layer.path) { wide.depthToSpace(factor, .channelMajor) }
        }
        return [shift(tail(x, context), context)]
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        var x = maps[maps.count - 1]
        try trace.enter("upsample", "pixels out of channels") {
            for (factor, layer) in zip(steps, layers) {
                let wide = try layer.trace(x, trace)
                x = [wide[0], wide[1] * factor, wide[2] * factor, wide[3] / (factor * factor)]
            }
            return (x, 0)
        }
        let colors = try tail.trace(x, trace)
        try trace.enter("add_mean", "shift by the mean color") { (try shift.trace(colors, trace), 0) }
    }
}
