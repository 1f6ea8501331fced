import Distillation
import JSON

/// How far an arm has come: its finished stages, the teachers that were left out, and why.
struct ArmProgress {
    /// Of the finished stages.
    var results: [StageResult] = []
    /// What was decided about teachers on the way.
    var decisions: [ChainReview.Decision] = []
    /// Seconds that the decisions took.
    var reviewSeconds = 0.0

    /// The place in the plan of the stage that comes next or is under way.
    var position: Int { results.count + decisions.count(where: \.isSkipped) }

    /// The stage at that place with the epochs that are its own by now: those that stages before it left over come to it.
    func stage(of plan: [StagePlan]) -> StagePlan {
        var stage = plan[position]
        stage.firstEpoch = results.reduce(0) { $0 + $1.epochs }
        stage.epochs = plan[...position].reduce(0) { $0 + $1.epochs } - stage.firstEpoch
        return stage
    }

    /// The decisions since the last finished stage.
    var latest: [ChainReview.Decision] {
        let told = results.reduce(0) { $0 + $1.decisions.count }
        return Array(decisions.dropFirst(told))
    }

    // MARK: State

    var members: [JSONValue.Member] {
        var members = [
            JSONValue.Member("index", .integer(position)), .init("results", .array(results.map(\.json))),
        ]
        if !decisions.isEmpty { members.append(.init("decisions", .array(decisions.map(\.json)))) }
        return members
    }

    init() {}

    /// - Returns: nil when the parts do not agree.
    init?(_ json: JSONValue, stages: Int) {
        results = (json["results"]?.arrayValue ?? []).compactMap { StageResult($0) }
        decisions = (json["decisions"]?.arrayValue ?? []).compactMap { ChainReview.Decision($0) }
        guard json["index"]?.integerValue == position, position < stages else { return nil }
    }
}

extension ChainReview.Decision {
    /// As states and records keep it.
    var json: JSONValue {
        [
            "teacher": .string(teacher), "before": .string(next), "skipped": .bool(isSkipped), "tie": .bool(isTie),
            "text": .string(description),
        ]
    }

    /// - Returns: nil when something is missing.
    init?(_ json: JSONValue) {
        guard let teacher = json["teacher"]?.stringValue, let next = json["before"]?.stringValue,
            let isSkipped = json["skipped"]?.boolValue, let isTie = json["tie"]?.boolValue,
            let text = json["text"]?.stringValue
        else { return nil }
        self.init(teacher: teacher, next: next, isSkipped: isSkipped, isTie: isTie, description: text)
    }
}
