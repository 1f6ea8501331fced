import Autograd
import Layers
import Tensors

/// Focal and global distillation, FGD, of one map: alpha times the feature term on objects, beta times that beside them,
/// gamma times the attention term and lambda times the global relation. Yang et al., arXiv 2111.11837, equations 4 to 10.
///
/// Objects are where the context's regions have boxes; without any, all is background. The feature terms are under the
/// teacher's attention alone, so gradients go through the student's in the attention term only. The blocks of the
/// relation are trained with the student and thrown away, the teacher's too.
public struct FocalGlobalLoss: DistillationLoss {
    /// The weights of the terms, and how boxes are placed.
    public let rule: FocalGlobalRule
    /// The temperature of the attention.
    public let temperature: Double
    package let relation: GlobalRelationLoss

    /// - Parameters:
    ///   - channels: of the teacher's map.
    ///   - temperature: 0.8 in the published setting for FCOS.
    public init(
        _ scope: Scope, channels: Int, rule: FocalGlobalRule = FocalGlobalRule(), temperature: Double = 0.5
    ) {
        self.rule = rule
        self.temperature = temperature
        // As the authors draw them: He et al., 2015, by fan-in.
        let deviation = (2 / Double(max(1, channels))).squareRoot()
        relation = GlobalRelationLoss(scope, channels: channels, maskInitializer: .normal(deviation: deviation))
    }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("focalGlobalLoss", student.shape, teacher.shape)
        let masks = masks(teacher.shape, context.regions)
        let attention = FocalAttention(Variable(teacher), temperature: temperature)
        // Both feature terms in one pass.
        let mask = zip(masks.foreground, masks.background).map { rule.alpha * $0 + rule.beta * $1 }
        var loss = FocalFeatureLoss().distance(student, teacher, attention, mask)
        if rule.gamma > 0 { loss = loss + attentionTerm(student, attention).scaled(rule.gamma) }
        if rule.lambda > 0 {
            loss = loss + relation.fused(student: student, teacher: teacher, context.layers).scaled(rule.lambda)
        }
        return loss
    }

    /// The terms before their weights.
    package struct Terms<S: Scalar> {
        package let foreground: Variable<S>
        package let background: Variable<S>
        package let attention: Variable<S>
        package let relation: Variable<S>
    }

    /// Each term by itself, for comparisons.
    package func terms<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Terms<S> {
        let masks = masks(teacher.shape, context.regions)
        let attention = FocalAttention(Variable(teacher), temperature: temperature)
        func features(_ mask: [Double]) -> Variable<S> {
            FocalFeatureLoss().distance(student, teacher, attention, mask)
        }
        return Terms(
            foreground: features(masks.foreground), background: features(masks.background),
            attention: attentionTerm(student, attention),
            relation: relation.fused(student: student, teacher: teacher, context.layers))
    }

    private func attentionTerm<S: Scalar>(_ student: Variable<S>, _ teacher: FocalAttention<S>) -> Variable<S> {
        FocalAttentionLoss().distance(FocalAttention(student, temperature: temperature), teacher)
    }

    package func masks(_ map: Shape, _ regions: LossRegions?) -> FocalMasks {
        FocalMasks(
            regions, images: map[0], map: Pair(map[1], map[2]), followsReference: rule.followsReference)
    }
}
