import Autograd
import Datasets
import Distillation
import Layers
import Tasks
import Tensors

// What losses on answers need of the task and of the heads.
extension DistillationRun {
    /// - Throws: one sentence where a loss of a teacher's stage compares what cannot be compared.
    func checkAnswers(_ stage: StageConfiguration, of member: PoolSource<C>) throws {
        func refuse(_ loss: LossConfiguration, _ reason: String) -> RecipeError {
            RecipeError("stage of \(member.name): \(loss.kind.rawValue) \(reason)")
        }
        for loss in stage.losses {
            if loss.kind.usesLogits, !C.answersAreAlike {
                throw refuse(
                    loss,
                    "compares one row of class scores for each image or pixel, which the heads of the task \(C.name) do not "
                        + "give, expected headKD, boxKD or a loss on maps (pkd, fgd, cwd, mgd, l2, at)")
            }
            if !task.hasRowLabels, loss.kind.needsLabels {
                throw refuse(
                    loss,
                    "needs the right class of each answer, which the task \(C.name) does not have, expected another loss"
                )
            }
        }
        guard let loss = stage.losses.first(where: \.kind.usesHead) else { return }
        guard !C.answersAreAlike, let classes = task.anchoredClasses else {
            throw refuse(
                loss, "compares detectors' heads with anchors, which the student has not, expected another loss")
        }
        let transform = member.outline.transform
        let teacher = try member.outline.specification.makeModel(height: transform.height, width: transform.width)
        do {
            try HeadAnswers<Float>.check(
                student: Self.answerShapes(model, data.plan), teacher: Self.answerShapes(teacher, transform),
                classes: classes)
        } catch { throw RecipeError("stage of \(member.name): \(error)") }
    }

    /// The shapes of what a model's head says of an image.
    private static func answerShapes(_ model: any FeatureModel, _ plan: TransformPlan) -> [Shape] {
        let store = ParameterStore<Float>(model.parameters, seed: 0)
        let image = Tensor<Float>([1, plan.height, plan.width, plan.channels], repeating: 0)
        return model(Variable(image), .evaluation(store)).answer.map(\.shape)
    }
}
