import JSON
import Layers
import Reporting
import Tasks
import Tensors

/// What the last weights of a run, or of a stage, get wrong, and the filters they learnt: `report/result.json`.
struct ResultRecord<Task: LearningTask> {
    let task: Task
    let findings: Task.Measure.Findings
    let data: PreparedData<Task.Annotation>
    let recipe: Recipe
    /// The finished epochs of all stages.
    let epoch: Int
    let part: ResultPart
    /// Says where in some images answers come from; nil for a model that cannot be asked so.
    let explainer: Explainer?

    func json(filters: JSONValue) throws -> JSONValue {
        guard let dataset = part == .test ? data.splits.test : data.splits.validation else { return .null }
        let scores = findings.scores
        let own = try task.record(findings, of: dataset) {
            try Thumbnails(data, recipe).evaluation(dataset, $0, limit: 96)
        }
        let images = task.explainedImages(findings)
        let explanations =
            try explainer.map { try Thumbnails(data, recipe).explanations(dataset, images, $0, limit: 96) } ?? []
        var members: [JSONValue.Member] = [
            .init("epoch", .integer(epoch)), .init("part", .string(part.rawValue)),
            .init("count", .integer(scores.count)),
        ]
        members += scores.values.map { .init($0.metric.name, .number($0.value)) }
        members.append(.init("loss", .measured(scores.loss)))
        if !explanations.isEmpty { members.append(.init("explanations", .array(explanations))) }
        return .object(members + own + [.init("filters", filters)])
    }
}
