import Autograd
import Tensors

/// Layer normalisation over the last axis (the channels of channels-last maps); Ba et al., arXiv 1607.06450.
public struct LayerNorm: Layer {
    /// The factor of each channel.
    public let gain: Parameter
    /// The offset of each channel.
    public let bias: Parameter
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// What is added to the variance.
    let epsilon: Double
    /// Whether nothing but this layer keeps its input; see `DepthwiseConvolution`.
    let ownsInput: Bool

    /// A norm over so many channels; `epsilon` is added to the variance. See `DepthwiseConvolution` for `ownsInput`.
    public init(_ scope: Scope, channels: Int, epsilon: Double = 1e-6, ownsInput: Bool = false) {
        path = scope.path
        self.epsilon = epsilon
        self.ownsInput = ownsInput
        gain = scope.parameter("weight", [channels], role: .gain, initializer: .constant(1))
        bias = scope.parameter("bias", [channels], role: .bias, initializer: .constant(0))
    }

    /// The normalised values, of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.layerNormalized(context[gain], context[bias], epsilon: epsilon, halvesInput: ownsInput)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        trace.enter(ModelTrace.name(of: path), "layer norm \(gain.shape[0])", parameters: [gain, bias]) { (input, 0) }
    }
}

/// Group normalisation: each image's channels in groups of neighbours, normalised over the group and the map; Wu and He,
/// arXiv 1803.08494.
public struct GroupNorm: Layer {
    /// The factor of each channel.
    public let gain: Parameter
    /// The offset of each channel.
    public let bias: Parameter
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Groups of channels.
    let groups: Int
    /// What is added to the variance.
    let epsilon: Double

    /// A norm over so many channels, which must be a multiple of the groups; `epsilon` is added to the variance.
    public init(_ scope: Scope, channels: Int, groups: Int = 32, epsilon: Double = 1e-5) {
        path = scope.path
        self.groups = groups
        self.epsilon = epsilon
        gain = scope.parameter("weight", [channels], role: .gain, initializer: .constant(1))
        bias = scope.parameter("bias", [channels], role: .bias, initializer: .constant(0))
    }

    /// The normalised values, of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.groupNorm(groups: groups, scale: context[gain], shift: context[bias], epsilon: epsilon)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        guard groups >= 1, input.columns % groups == 0 else {
            throw ModelError("\(path): \(input.columns) channels cannot be cut into \(groups) groups of equal size")
        }
        let kind = "group norm \(gain.shape[0]), \(groups) groups"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [gain, bias]) { (input, 0) }
    }
}

/// Batch normalisation over all axes but the last, with running statistics for evaluation; Ioffe and Szegedy, arXiv
/// 1502.03167. Where gain and bias are both frozen, training uses the running statistics as well and leaves them as they
/// are: a layer that is held still must not change by the data that passes through.
public struct BatchNorm: Layer {
    /// The factor of each channel.
    public let gain: Parameter
    /// The offset of each channel.
    public let bias: Parameter
    /// The mean of each channel, as evaluation takes it.
    public let runningMean: BufferHandle
    /// The variance of each channel, likewise.
    public let runningVariance: BufferHandle
    /// How many batches the running statistics have seen.
    public let batchesTracked: BufferHandle
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// What is added to the variance.
    let epsilon: Double
    /// The share of a new batch in the running statistics.
    let momentum: Double

    /// - Parameter momentum: the share of the new batch in the running statistics, as PyTorch counts it.
    public init(_ scope: Scope, channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1) {
        path = scope.path
        self.epsilon = epsilon
        self.momentum = momentum
        gain = scope.parameter("weight", [channels], role: .gain, initializer: .constant(1))
        bias = scope.parameter("bias", [channels], role: .bias, initializer: .constant(0))
        runningMean = scope.buffer("running_mean", [channels], initial: 0)
        runningVariance = scope.buffer("running_var", [channels], initial: 1)
        batchesTracked = scope.buffer("num_batches_tracked", [], initial: 0, isInteger: true)
    }

    /// The normalised values, of the same shape; in training the running statistics are updated through the context.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            guard usesBatch(context, x.shape) else {
                return LayerProbe.made(
                    path,
                    x.batchNormalized(
                        context[gain], context[bias], mean: context.current(runningMean),
                        variance: context.current(runningVariance), epsilon: epsilon))
            }
            let (output, mean, variance) = x.batchNormalized(context[gain], context[bias], epsilon: epsilon)
            update(mean, variance, context)
            return output
        }
    }

    /// The same with relu behind it, as one operation.
    public func callAsFunction<S: Scalar>(relu x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        if LayerProbe.watchesInputs { return self(x, context).relu() }
        return LayerPath.$current.withValue(path) {
            guard usesBatch(context, x.shape) else {
                return x.batchNormalizedRelu(
                    context[gain], context[bias], mean: context.current(runningMean),
                    variance: context.current(runningVariance), epsilon: epsilon)
            }
            let (output, mean, variance) = x.batchNormalizedRelu(context[gain], context[bias], epsilon: epsilon)
            update(mean, variance, context)
            return output
        }
    }

    /// A batch of nothing has no statistics: it leaves those that run as they are.
    private func usesBatch<S: Scalar>(_ context: Context<S>, _ input: Shape) -> Bool {
        context.isTraining && !context.holdsStatistics && input.elementCount > 0
            && !isFrozen(in: context.store)
    }

    private func update<S: Scalar>(_ mean: Tensor<S>, _ variance: Tensor<S>, _ context: Context<S>) {
        context.updates.move(runningMean, toward: mean, share: S(momentum))
        context.updates.move(runningVariance, toward: variance, share: S(momentum))
        context.updates.add(1, to: batchesTracked)
    }

    private func isFrozen<S: Scalar>(in store: ParameterStore<S>) -> Bool {
        !store.isTrainable[gain.index] && !store.isTrainable[bias.index]
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        trace.enter(ModelTrace.name(of: path), "batch norm \(gain.shape[0])", parameters: [gain, bias]) {
            trace.takesBatchStatistics(gain, bias, values: input.rows)
            return (input, 0)
        }
    }
}
