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

    func json(filters: JSONValue) throws -> JSONValue {
        guard let dataset = part == .test ? data.splits.test : data.splits.validation else { return .null }
        let scores = findings.scores
        let own = try task.record(findings, of: dataset) {
            try Thumbnails(data, recipe).evaluation(dataset, $0, limit: 96)
        }
        var members: [JSONValue.Member] = [
            .init("epoch", .integer(epoch)), .init("part", .string(part.rawValue)),
            .init("count", .integer(scores.count)),
        ]
        members += scores.values.map { .init($0.metric.name, .number($0.value)) }
        members.append(.init("loss", .measured(scores.loss)))
        return .object(members + own + [.init("filters", filters)])
    }
}
