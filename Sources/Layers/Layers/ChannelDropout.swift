import Autograd
import Tensors

/// Drops whole channels of maps in training and scales up the others, so that the mean stays (Tompson et al., arXiv
/// 1411.4280), as dense heads do before their last layer. It has no parameters.
public struct ChannelDropout: Sendable {
    /// The share of channels that a sample goes without.
    public let rate: Double
    /// The name of the random stream.
    public let path: String

    /// A share of at least 0 and below 1; `path` names the layer and its random stream.
    public init(_ path: String, rate: Double) {
        self.path = path
        self.rate = rate
    }

    /// The maps [N, H, W, C], each channel of a sample times 1 / (1 - rate) or 0; a pure function of the step's key, the
    /// sample's position in the batch and the channel. Gradient: g times the same factors.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        guard context.isTraining, rate > 0 else { return x }
        let (samples, channels) = (x.shape[0], x.shape.columns)
        let factors = Tensor<S>([samples, 1, 1, channels]) { factors in
            for sample in 0..<samples {
                let key = context.random.derived(path, context.firstSample + sample)
                for channel in 0..<channels {
                    // The top 24 bits, a fraction that is the same in both precisions.
                    let word = key.block(UInt64(channel / 4))[channel % 4] >> 8
                    factors[sample * channels + channel] = Double(word) * 0x1p-24 >= rate ? S(1 / (1 - rate)) : 0
                }
            }
        }
        return LayerPath.$current.withValue(path) { x * Variable(factors) }
    }
}
