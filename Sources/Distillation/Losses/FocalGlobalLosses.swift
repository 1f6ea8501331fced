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
    public init(_ scope: Scope, channels: Int) {
        student = GlobalContextBlock(scope["student"], channels)
        teacher = GlobalContextBlock(scope["teacher"], channels)
    }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student s: Variable<S>, teacher t: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("globalRelationLoss", s.shape, t.shape)
        let difference = student(s, context.layers) - teacher(Variable(t), context.layers)
        return difference.squared().sum().scaled(1 / Double(s.shape[0]))
    }
}

/// R(F) = F + W2 relu(LN(W1 c)), c the mean of F over positions under the weights softmax(w F). Cao et al., arXiv
/// 1904.11492.
public struct GlobalContextBlock: Sendable {
    package let mask: Linear
    package let reduction: Linear
    package let norm: LayerNorm
    package let expansion: Linear

    package init(_ scope: Scope, _ channels: Int) {
        let inner = max(1, channels / 2)
        mask = Linear(scope["conv_mask"], inputs: channels, outputs: 1, layout: .pointwise, initializer: .uniformFanIn)
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
        let weights = mask(x, context).reshaped([n, positions]).softmax().reshaped([n, positions, 1, 1])
        let pooled = (x.reshaped([n, positions, 1, c]) * weights).globalAveragePooled().scaled(Double(positions))
        let added = expansion(norm(reduction(pooled, context), context).relu(), context)
        return x + added.reshaped([n, 1, 1, c])
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
        let s = FocalAttention(student, temperature: temperature)
        let t = FocalAttention(Variable(teacher), temperature: temperature)
        let sum = (s.channel - t.channel).absolute().sum() + (s.spatial - t.spatial).absolute().sum()
        return sum.scaled(1 / Double(student.shape[0]))
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
        let (n, h, w, c) = (teacher.shape[0], teacher.shape[1], teacher.shape[2], teacher.shape[3])
        let weights = mask?.map { S($0) } ?? [S](repeating: 1 / S(h * w), count: n * h * w)
        require(
            weights.count == n * h * w, "focalFeatureLoss", [teacher.shape],
            "the mask must have one element per position")
        let attention = FocalAttention(Variable(teacher), temperature: temperature)
        let factors =
            attention.spatial.reshaped([n, h, w, 1]) * Variable(Tensor([n, h, w, 1], weights))
            * attention.channel.reshaped([n, 1, 1, c])
        return ((student - Variable(teacher)).squared() * factors).sum().scaled(1 / Double(n))
    }
}
