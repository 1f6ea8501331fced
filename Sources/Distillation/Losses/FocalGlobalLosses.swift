import Autograd
import Layers
import Tensors

/// The global part of FGD: the sum of (R_s(s) - R_t(t))^2 divided by the number of images, R a global context block of
/// each side. Both blocks are trained; their last layer starts at 0, where the loss is the plain squared distance. Yang
/// et al., arXiv 2111.11837.
public struct GlobalRelationLoss: DistillationLoss {
    package let student: GlobalContextBlock
    package let teacher: GlobalContextBlock

    /// - Parameter channels: of the teacher's map.
    public init(_ scope: Scope, channels: Int) { self.init(scope, channels: channels, maskInitializer: .uniformFanIn) }

    /// - Parameter maskInitializer: of the layers that weigh positions.
    package init(_ scope: Scope, channels: Int, maskInitializer: Initializer) {
        student = GlobalContextBlock(scope["student"], channels, maskInitializer)
        teacher = GlobalContextBlock(scope["teacher"], channels, maskInitializer)
    }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student s: Variable<S>, teacher t: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("globalRelationLoss", s.shape, t.shape)
        let difference = student(s, context.layers) - teacher(Variable(t), context.layers)
        return difference.squared().sum().scaled(1 / Double(s.shape[0]))
    }

    /// The same number without maps in between: with d the difference of what the blocks add, [N, C], the sum over
    /// positions of (s - t + d)^2 is that of (s - t)^2 and H W d (2 (mean of s - mean of t) + d).
    package func fused<S: Scalar>(
        student s: Variable<S>, teacher t: Tensor<S>, _ context: Context<S>
    ) -> Variable<S> {
        requireMaps("globalRelationLoss", s.shape, t.shape)
        let constant = Variable(t)
        let added =
            student.added(s.positionPooled(student.weights(s, context)), context)
            - teacher.added(constant.positionPooled(teacher.weights(constant, context)), context)
        let means = s.globalAveragePooled() - constant.globalAveragePooled()
        let (images, positions) = (Double(s.shape[0]), Double(s.shape[1] * s.shape[2]))
        return s.meanSquaredError(t).scaled(Double(t.elementCount) / images)
            + (added * (means.scaled(2) + added)).sum().scaled(positions / images)
    }
}

/// R(F) = F + W2 relu(LN(W1 c)), c the mean of F over positions under the weights softmax(w F). Cao et al., arXiv
/// 1904.11492.
public struct GlobalContextBlock: Sendable {
    package let mask: Linear
    package let reduction: Linear
    package let norm: LayerNorm
    package let expansion: Linear

    package init(_ scope: Scope, _ channels: Int, _ maskInitializer: Initializer = .uniformFanIn) {
        let inner = max(1, channels / 2)
        mask = Linear(
            scope["conv_mask"], inputs: channels, outputs: 1, layout: .pointwise, initializer: maskInitializer)
        reduction = Linear(
            scope["channel_add_conv.0"], inputs: channels, outputs: inner, layout: .pointwise,
            initializer: .uniformFanIn)
        norm = LayerNorm(scope["channel_add_conv.1"], channels: inner, epsilon: 1e-5)
        expansion = Linear(
            scope["channel_add_conv.3"], inputs: inner, outputs: channels, layout: .pointwise, initializer: .constant(0)
        )
    }

    /// [N, H, W, C] -> [N, H, W, C].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let (n, positions, c) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
        let weights = weights(x, context).reshaped([n, positions, 1, 1])
        let pooled = (x.reshaped([n, positions, 1, c]) * weights).globalAveragePooled().scaled(Double(positions))
        return x + added(pooled, context).reshaped([n, 1, 1, c])
    }

    /// The weights of the positions, which sum to 1: [N, H, W, C] -> [N, H W].
    package func weights<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        mask(x, context).reshaped([x.shape[0], x.shape[1] * x.shape[2]]).softmax()
    }

    /// What every position gets of the weighted mean: [N, C] -> [N, C].
    package func added<S: Scalar>(_ pooled: Variable<S>, _ context: Context<S>) -> Variable<S> {
        expansion(norm(reduction(pooled, context), context).relu(), context)
    }
}

/// FGD's attention: where and in which channels a map is large. [N, H W] and [N, C], of mean 1 each.
public struct FocalAttention<S: Scalar> {
    package let spatial: Variable<S>
    package let channel: Variable<S>

    /// H W softmax(mean over channels |F| / T) and C softmax(mean over positions |F| / T).
    public init(_ x: Variable<S>, temperature: Double = 0.5) {
        let (n, positions, c) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
        let size = x.absolute().scaled(1 / temperature)
        spatial = size.rowMeans().reshaped([n, positions]).softmax().scaled(Double(positions))
        channel = size.globalAveragePooled().softmax().scaled(Double(c))
    }
}

/// FGD's attention term: the sum of |A_s - A_t| over the spatial and the channel attention, divided by the number of
/// images.
public struct FocalAttentionLoss: DistillationLoss, Hashable {
    /// The temperature of the softmax.
    public var temperature: Double

    /// The published constants unless others are given.
    public init(temperature: Double = 0.5) { self.temperature = temperature }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("focalAttentionLoss", student.shape, teacher.shape)
        return distance(
            FocalAttention(student, temperature: temperature),
            FocalAttention(Variable(teacher), temperature: temperature))
    }

    /// The loss of known attentions.
    func distance<S: Scalar>(_ s: FocalAttention<S>, _ t: FocalAttention<S>) -> Variable<S> {
        let sum = (s.channel - t.channel).absolute().sum() + (s.spatial - t.spatial).absolute().sum()
        return sum.scaled(1 / Double(s.channel.shape[0]))
    }
}

/// FGD's focal term under a mask over positions: the sum of M A_spatial A_channel (t - s)^2 divided by the number of
/// images, with the teacher's attention. In the paper the mask comes from ground-truth boxes; where a task has none it is
/// uniform.
public struct FocalFeatureLoss: DistillationLoss {
    /// The temperature of the softmax.
    public var temperature: Double
    /// [N, H W] in row-major order; nil for 1 / (H W) everywhere.
    public var mask: [Double]?

    /// The mask [N, H W], or a uniform one.
    public init(mask: [Double]? = nil, temperature: Double = 0.5) {
        self.mask = mask
        self.temperature = temperature
    }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("focalFeatureLoss", student.shape, teacher.shape)
        let attention = FocalAttention(Variable(teacher), temperature: temperature)
        if let mask { return distance(student, teacher, attention, mask) }
        let (n, h, w, c) = (teacher.shape[0], teacher.shape[1], teacher.shape[2], teacher.shape[3])
        let uniform = Tensor<S>([n, h, w, 1], repeating: 1 / S(h * w))
        let factors =
            attention.spatial.reshaped([n, h, w, 1]) * Variable(uniform) * attention.channel.reshaped([n, 1, 1, c])
        return ((student - Variable(teacher)).squared() * factors).sum().scaled(1 / Double(n))
    }

    /// The loss under a mask and with the teacher's attention, in one pass over the maps.
    func distance<S: Scalar>(
        _ student: Variable<S>, _ teacher: Tensor<S>, _ attention: FocalAttention<S>, _ mask: [Double]
    ) -> Variable<S> {
        let spatial = attention.spatial.value
        require(
            mask.count == spatial.elementCount, "focalFeatureLoss", [teacher.shape],
            "the mask must have one element per position")
        let weights = spatial * Tensor(spatial.shape, mask.map { S($0) })
        return student.weightedSquares(teacher, positions: weights, channels: attention.channel.value)
            .scaled(1 / Double(teacher.shape[0]))
    }
}
