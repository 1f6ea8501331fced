import JSON
import Tensors

/// What one stage brought, an entry of `stages.json`.
public struct StageResult: Sendable {
    public var stage: Int
    public var teachers: [String]
    public var epochs: Int
    /// What the accuracies are of; `nil` where nothing but training images was there.
    public var part: ResultPart?
    public var accuracyBefore: Double?
    public var accuracyAfter: Double?
    public var seconds: Double
    /// What the teachers' forward passes took of them, and the size of their weights.
    public var teacherSeconds: Double
    public var teacherMegabytes: Double
    var updates: Int
    var images: Int
    var trainingSeconds: Double

    public var testAccuracyBefore: Double? { part == .test ? accuracyBefore : nil }
    public var testAccuracyAfter: Double? { part == .test ? accuracyAfter : nil }

    public var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        var json: JSONValue = [
            "stage": .integer(stage), "teacher": .string(teachers.isEmpty ? "none" : teachers.joined(separator: " + ")),
            "teachers": .array(teachers.map { .string($0) }), "epochs": .integer(epochs),
            "testAccuracyBefore": number(testAccuracyBefore), "testAccuracyAfter": number(testAccuracyAfter),
            "seconds": .rounded(seconds, decimals: 3), "teacherSeconds": .rounded(teacherSeconds, decimals: 3),
            "teacherMegabytes": .rounded(teacherMegabytes, decimals: 2), "updates": .integer(updates),
            "images": .integer(images), "trainingSeconds": .rounded(trainingSeconds, decimals: 3),
        ]
        if part == .validation {
            json["validationAccuracyBefore"] = number(accuracyBefore)
            json["validationAccuracyAfter"] = number(accuracyAfter)
        }
        return json
    }
}

extension StageResult {
    init?(_ json: JSONValue) {
        func number(_ name: String) -> Double? { json[name]?.doubleValue }
        guard let stage = json["stage"]?.countValue, let epochs = json["epochs"]?.countValue,
            let seconds = number("seconds"), let teacherSeconds = number("teacherSeconds"),
            let megabytes = number("teacherMegabytes"), let updates = json["updates"]?.countValue,
            let images = json["images"]?.countValue, let trainingSeconds = number("trainingSeconds")
        else { return nil }
        var part: ResultPart?
        if number("testAccuracyAfter") != nil { part = .test }
        if number("validationAccuracyAfter") != nil { part = .validation }
        self.init(
            stage: stage, teachers: (json["teachers"]?.arrayValue ?? []).compactMap(\.stringValue), epochs: epochs,
            part: part, accuracyBefore: part.flatMap { number("\($0.rawValue)AccuracyBefore") },
            accuracyAfter: part.flatMap { number("\($0.rawValue)AccuracyAfter") }, seconds: seconds,
            teacherSeconds: teacherSeconds,
            teacherMegabytes: megabytes, updates: updates, images: images, trainingSeconds: trainingSeconds)
    }
}

/// The result of an arm, `summary.json`.
public struct DistillationSummary: Sendable {
    public let arm: Arm
    public let seed: Int
    public let order: [String]
    /// As of a plain run, over all stages.
    public let summary: Summary
    /// Of the training images in evaluation mode, last epoch.
    public let trainLoss: Double
    public let trainAccuracy: Double
    public let stages: [StageResult]

    /// How much better the student does on images that it has learnt from.
    public var gap: Double? { summary.accuracy.map { trainAccuracy - $0 } }

    public var json: JSONValue {
        var json = summary.json
        json["arm"] = .string(arm.rawValue)
        json["seed"] = .integer(seed)
        json["order"] = .array(order.map { .string($0) })
        json["trainLoss"] = .measured(trainLoss)
        json["trainAccuracy"] = .number(trainAccuracy)
        json["gap"] = gap.map { .number($0) } ?? .null
        json["teacherSeconds"] = .rounded(stages.reduce(0) { $0 + $1.teacherSeconds }, decimals: 3)
        json["teacherMegabytes"] = .rounded(stages.map(\.teacherMegabytes).max() ?? 0, decimals: 2)
        return json
    }
}
