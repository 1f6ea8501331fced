import Autograd
import Tensors

/// Classic knowledge distillation: T^2 times the mean over the batch of KL(softmax(t / T) || softmax(s / T)). Hinton et
/// al., arXiv 1503.02531.
///
/// Gradient of s: T (softmax(s / T) - softmax(t / T)) / N.
public struct HintonLoss: DistillationLoss, Hashable {
    /// The temperature of the softmax.
    public var temperature = 4.0

    /// The published constants unless others are given.
    public init(temperature: Double = 4) { self.temperature = temperature }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        student.distillationDivergence(teacherLogits: teacher, temperature: temperature)
    }
}

/// Decoupled knowledge distillation: alpha times the divergence of (target, any other class) plus beta times the
/// divergence among the other classes, both with T^2 and averaged over the batch. Zhao et al., arXiv 2203.08679.
public struct DecoupledLoss: DistillationLoss, Hashable {
    /// The temperature of the softmax.
    public var temperature: Double
    /// The weight of the target term.
    public var alpha: Double
    /// The weight of the term among the other classes.
    public var beta: Double

    /// The published constants unless others are given.
    public init(temperature: Double = 4, alpha: Double = 1, beta: Double = 8) {
        self.temperature = temperature
        self.alpha = alpha
        self.beta = beta
    }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        let parts = parts(student: student, teacher: teacher, labels: context.labels)
        return parts.target.scaled(alpha) + parts.others.scaled(beta)
    }

    /// The two terms before their weights.
    package func parts<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, labels: [Int32]
    ) -> (target: Variable<S>, others: Variable<S>) {
        requireLogits("decoupledLoss", student.shape, teacher.shape)
        let (rows, classes) = (student.shape[0], student.shape[1])
        require(
            labels.count == rows && labels.allSatisfy { $0 >= 0 && Int($0) < classes }, "decoupledLoss",
            [student.shape], "there must be one label in 0..<\(classes) per row")
        var hot = [S](repeating: 0, count: rows * classes)
        for (row, label) in labels.enumerated() { hot[row * classes + Int(label)] = 1 }
        let target = Tensor<S>(student.shape, hot)
        let (s, t) = (split(student, target), split(Variable(teacher), target))
        let scale = temperature * temperature / Double(rows)
        return (divergence(of: s.binary, from: t.binary, scale), divergence(of: s.others, from: t.others, scale))
    }

    /// The log probabilities of (target, any other class), [N, 2], and of the classes without the target, [N, K], where
    /// the target's is so low that its probability is 0.
    private func split<S: Scalar>(
        _ logits: Variable<S>, _ target: Tensor<S>
    ) -> (binary: Variable<S>, others: Variable<S>) {
        let scaled = logits.scaled(1 / temperature)
        let isTarget = Variable(target)
        let isOther = Variable(target.mapped(.negate) + Tensor(1))
        let others = (scaled + isTarget.scaled(-1e4)).logSoftmax()
        // The normaliser of the other classes: logit - log probability is the same for all of them.
        let classes = max(1, logits.shape[1] - 1)
        let normalizer = ((scaled - others) * isOther).rowSums(scale: 1 / Double(classes))
        return (.concatenated([(scaled * isTarget).rowSums(), normalizer]).logSoftmax(), others)
    }

    private func divergence<S: Scalar>(of s: Variable<S>, from t: Variable<S>, _ scale: Double) -> Variable<S> {
        (Variable(t.value.mapped(.exponential)) * (t.detached - s)).sum().scaled(scale)
    }
}

/// Distillation of relations: 1 - correlation of the probabilities of each image over its classes, and of each class over
/// the batch, both with T^2. Made for teachers much stronger than the student. Huang et al., arXiv 2205.10536.
public struct RelationLoss: DistillationLoss, Hashable {
    /// The temperature of the softmax.
    public var temperature: Double
    /// The weight of the term within an image.
    public var alpha: Double
    /// The weight of the term over the batch.
    public var beta: Double

    /// The published constants unless others are given.
    public init(temperature: Double = 1, alpha: Double = 1, beta: Double = 1) {
        self.temperature = temperature
        self.alpha = alpha
        self.beta = beta
    }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        let parts = parts(student: student, teacher: teacher)
        return parts.withinImages.scaled(alpha) + parts.overBatch.scaled(beta)
    }

    /// The two terms before their weights.
    package func parts<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>
    ) -> (withinImages: Variable<S>, overBatch: Variable<S>) {
        requireLogits("relationLoss", student.shape, teacher.shape)
        let s = student.scaled(1 / temperature).softmax()
        let t = Variable(teacher.scaled(by: S(1 / temperature)).softmax())
        let scale = temperature * temperature
        return (
            s.meanRowDecorrelation(t).scaled(scale),
            s.transposed([1, 0]).meanRowDecorrelation(t.transposed([1, 0])).scaled(scale)
        )
    }
}

/// The logits of a teacher that stands for several: at this temperature its probabilities are the mean of theirs. The
/// mean of the logits would be something else.
package func averagedTeacher<S: Scalar>(_ logits: [Tensor<S>], temperature: Double) -> Tensor<S> {
    guard let first = logits.first else { brokenRule("averagedTeacher", [], "there must be at least one teacher") }
    if logits.count == 1 { return first }
    var sum = first.scaled(by: S(1 / temperature)).softmax()
    for other in logits.dropFirst() { sum = sum + other.scaled(by: S(1 / temperature)).softmax() }
    let mean = sum.scaled(by: 1 / S(logits.count)) + Tensor(S(1e-30))
    return mean.mapped(.logarithm).scaled(by: S(temperature))
}
