import Autograd
import Layers
import Tensors

/// The mean over all elements of (s - t)^2: FitNet's hint, and what the teachers of MTPD are mimicked with. Romero et
/// al., arXiv 1412.6550; Cao et al., arXiv 2308.09105.
public struct FeatureMimicLoss: DistillationLoss, Hashable {
    /// The loss has no constants.
    public init() {}

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("featureMimicLoss", student.shape, teacher.shape)
        return student.meanSquaredError(teacher)
    }
}

/// Attention transfer: Q is the mean of squares over channels, flattened and divided by its norm; the loss is the mean
/// of (Q_s - Q_t)^2 over images and positions, as the authors' program has it (the paper has the norm of the difference),
/// so neither channels nor an adapter matter. The larger map is averaged down to the smaller. Zagoruyko and Komodakis, arXiv 1612.03928.
public struct AttentionTransferLoss: DistillationLoss, Hashable {
    /// The loss has no constants.
    public init() {}

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        require(
            student.shape.rank == 4 && teacher.shape.rank == 4 && student.shape[0] == teacher.shape[0],
            "attentionTransferLoss", [student.shape, teacher.shape], "both must be maps [N, H, W, C] of the same images"
        )
        var (s, t) = (student, Variable(teacher))
        let size = Pair(min(s.shape[1], t.shape[1]), min(s.shape[2], t.shape[2]))
        s = s.averagePooled(to: size)
        t = t.averagePooled(to: size)
        return (attention(s) - attention(t)).squared().mean()
    }

    private func attention<S: Scalar>(_ x: Variable<S>) -> Variable<S> {
        let map = x.squared().rowMeans().reshaped([x.shape[0], x.shape[1] * x.shape[2]])
        return map / (map.squared().rowSums().safeSquareRoot() + .constant(1e-12))
    }
}

/// Channel-wise distillation: every channel is a distribution over positions (softmax at temperature T); T^2 times the
/// mean over images and channels of KL(t || s). Shu et al., arXiv 2011.13256.
public struct ChannelWiseLoss: DistillationLoss, Hashable {
    /// The temperature of the softmax.
    public var temperature: Double

    /// The published constants unless others are given.
    public init(temperature: Double = 1) { self.temperature = temperature }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("channelWiseLoss", student.shape, teacher.shape)
        let (n, positions, c) = (student.shape[0], student.shape[1] * student.shape[2], student.shape[3])
        let s = student.reshaped([n, positions, c]).transposed([0, 2, 1]).reshaped([n * c, positions])
        let t = teacher.reshaped([n, positions, c]).transposed([0, 2, 1]).reshaped([n * c, positions])
        return s.distillationDivergence(teacherLogits: t, temperature: temperature)
    }
}

/// Pearson distillation: each channel standardised over images and positions (unbiased deviation + 1e-6), then half the
/// mean of (s - t)^2. Neither scale nor offset of the teacher matters, so one weight serves every teacher. Cao et al.,
/// arXiv 2207.02039.
public struct PearsonLoss: DistillationLoss, Hashable {
    /// The loss has no constants.
    public init() {}

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("pearsonLoss", student.shape, teacher.shape)
        return standardized(student).meanSquaredError(standardized(Variable(teacher)).value).scaled(0.5)
    }

    private func standardized<S: Scalar>(_ x: Variable<S>) -> Variable<S> {
        let rows = x.shape.rows
        let centered = x - x.columnMeans()
        let variance = centered.squared().columnMeans().scaled(Double(rows) / Double(max(1, rows - 1)))
        return centered / (variance.safeSquareRoot() + .constant(1e-6))
    }
}
