import Layers
import Tensors

extension LearningTask {
    /// nil.
    public func explained(_ output: ModelOutput<Float>, classes: [Int]?) -> ExplainedAnswer? { nil }

    /// None.
    public func explainedImages(_ findings: Measure.Findings) -> [ExplainedImage] { [] }
}

extension DistilledTask {
    /// The student's own task explains its answers.
    package func explained(_ output: ModelOutput<Float>, classes: [Int]?) -> ExplainedAnswer? {
        base.explained(output, classes: classes)
    }

    /// Those of the student's own task.
    package func explainedImages(_ findings: Base.Measure.Findings) -> [ExplainedImage] {
        base.explainedImages(findings)
    }
}
