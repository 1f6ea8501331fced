import Distillation
import JSON
import Reporting

/// What one stage brought, an entry of `stages.json`.
package struct StageResult: Sendable {
    /// What a stage took.
    package struct Cost: Sendable {
        package var seconds: Double
        /// What the teachers' forward passes took of them, and the size of their weights.
        package var teacherSeconds: Double
        package var teacherMegabytes: Double
        var updates: Int
        var images: Int
        var trainingSeconds: Double
    }

    package let stage: Int
    package let teachers: [String]
    package let epochs: Int
    /// What decides between weights.
    package let metric: Metric
    /// What the values are of; `nil` where nothing but training images was there.
    package let part: ResultPart?
    /// The metric before and after the stage.
    package let before: Double?
    package let after: Double?
    package let cost: Cost
    /// What was decided about teachers before the stage.
    package var decisions: [ChainReview.Decision] = []
    /// Why the stage ended before its last epoch.
    package var stoppedEarly: String?

    package var json: JSONValue {
        func value(_ part: ResultPart, _ moment: String, _ value: Double?) -> JSONValue.Member {
            .init(metric.key(part.rawValue) + moment, .optional(self.part == part ? value : nil))
        }
        var members: [JSONValue.Member] = [
            .init("stage", .integer(stage)),
            .init("teacher", .string(teachers.isEmpty ? "none" : teachers.joined(separator: " + "))),
            .init("teachers", .array(teachers.map { .string($0) })), .init("epochs", .integer(epochs)),
            value(.test, "Before", before), value(.test, "After", after),
            .init("seconds", .rounded(cost.seconds, decimals: 3)),
            .init("teacherSeconds", .rounded(cost.teacherSeconds, decimals: 3)),
            .init("teacherMegabytes", .rounded(cost.teacherMegabytes, decimals: 2)),
            .init("updates", .integer(cost.updates)), .init("images", .integer(cost.images)),
            .init("trainingSeconds", .rounded(cost.trainingSeconds, decimals: 3)),
        ]
        if part == .validation {
            members += [value(.validation, "Before", before), value(.validation, "After", after)]
        }
        if !metric.isUnnamed { members.append(.init("metric", metric.json)) }
        if !decisions.isEmpty { members.append(.init("decisions", .array(decisions.map(\.json)))) }
        if let stoppedEarly { members.append(.init("stoppedEarly", .string(stoppedEarly))) }
        return .object(members)
    }

    init(
        stage: Int, teachers: [String], epochs: Int, metric: Metric, part: ResultPart?, before: Double?, after: Double?,
        cost: Cost
    ) {
        (self.stage, self.teachers, self.epochs) = (stage, teachers, epochs)
        (self.metric, self.part, self.before, self.after) = (metric, part, before, after)
        self.cost = cost
    }

    /// - Returns: nil when something is missing.
    init?(_ json: JSONValue) {
        func number(_ name: String) -> Double? { json[name]?.doubleValue }
        guard let stage = json["stage"]?.countValue, let epochs = json["epochs"]?.countValue,
            let seconds = number("seconds"), let teacherSeconds = number("teacherSeconds"),
            let megabytes = number("teacherMegabytes"), let updates = json["updates"]?.countValue,
            let images = json["images"]?.countValue, let trainingSeconds = number("trainingSeconds")
        else { return nil }
        let metric = Metric.primary(of: json)
        func value(_ part: ResultPart, _ moment: String) -> Double? { number(metric.key(part.rawValue) + moment) }
        let part = [ResultPart.validation, .test].first { value($0, "After") != nil }
        self.init(
            stage: stage, teachers: (json["teachers"]?.arrayValue ?? []).compactMap(\.stringValue), epochs: epochs,
            metric: metric, part: part, before: part.flatMap { value($0, "Before") },
            after: part.flatMap { value($0, "After") },
            cost: Cost(
                seconds: seconds, teacherSeconds: teacherSeconds, teacherMegabytes: megabytes, updates: updates,
                images: images, trainingSeconds: trainingSeconds))
        decisions = (json["decisions"]?.arrayValue ?? []).compactMap { ChainReview.Decision($0) }
        stoppedEarly = json["stoppedEarly"]?.stringValue
    }
}

/// The result of an arm, `summary.json`.
package struct DistillationSummary: Sendable {
    package let arm: Arm
    package let seed: Int
    package let order: [String]
    /// As of a plain run, over all stages.
    package let summary: Summary
    /// Of the training images in evaluation mode, last epoch.
    package let train: Scores
    package let stages: [StageResult]
    /// Seconds that the order and what was decided on the way took; nil where that was in another process.
    package var orderSeconds: Double?

    /// How much better the student does on images that it has learnt from.
    package var gap: Double? { summary.result.map { train.primary - $0.primary } }

    package var json: JSONValue {
        var json = summary.json
        json["arm"] = .string(arm.rawValue)
        json["seed"] = .integer(seed)
        json["order"] = .array(order.map { .string($0) })
        json["trainLoss"] = .measured(train.loss)
        json[summary.metric.key("train")] = .number(train.primary)
        json["gap"] = .optional(gap)
        json["teacherSeconds"] = .rounded(stages.reduce(0) { $0 + $1.cost.teacherSeconds }, decimals: 3)
        json["teacherMegabytes"] = .rounded(stages.map(\.cost.teacherMegabytes).max() ?? 0, decimals: 2)
        if let orderSeconds { json["orderSeconds"] = .rounded(orderSeconds, decimals: 3) }
        return json
    }
}

extension DistillationSummary {
    /// What `summary.json` and `stages.json` hold; nil when something is missing.
    package init?(_ json: JSONValue, stages: JSONValue?) {
        guard let arm = json["arm"]?.stringValue.flatMap(Arm.init), let seed = json["seed"]?.integerValue,
            let summary = Summary(json)
        else { return nil }
        self.init(
            arm: arm, seed: seed, order: (json["order"]?.arrayValue ?? []).compactMap(\.stringValue), summary: summary,
            train: Scores(
                loss: json["trainLoss"]?.doubleValue ?? .nan, count: 0,
                [summary.metric: json[summary.metric.key("train")]?.doubleValue ?? .nan]),
            stages: (stages?.arrayValue ?? []).compactMap { StageResult($0) },
            orderSeconds: json["orderSeconds"]?.doubleValue)
    }
}
