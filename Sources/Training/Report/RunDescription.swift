import Configuration
import Datasets
import Foundation
import JSON
import Layers
import Reporting
import Tensors

/// What is known of a run before its first update, `report/run.json`.
struct RunDescription {
    /// "training", "distillation" or "comparison".
    var kind: String
    /// What repeats the run.
    var command: String
    var configuration: [ConfigurationEntry]
    var recipe: Recipe
    var data: DataDescription
    var model: any FeatureModel
    /// What the run measures, the metric that decides first.
    var metrics: [Metric]
    /// Further members, such as the arm of a distillation.
    var more: [JSONValue.Member] = []

    /// - Parameter earlier: the description that the run left when it was started, if it goes on.
    func json(continuing earlier: JSONValue?) throws -> JSONValue {
        let now = Date().timeIntervalSince1970.rounded()
        let trace = try model.trace(height: data.plan.height, width: data.plan.width)
        var json: JSONValue = [
            "kind": .string(kind), "command": .string(command),
            "startSeconds": earlier?["startSeconds"] ?? .integer(Int(now)),
            "resumedSeconds": .array(
                (earlier?["resumedSeconds"]?.arrayValue ?? []) + (earlier == nil ? [] : [.integer(Int(now))])),
            "machine": Machine.json, "program": ProgramVersion.current.json, "epochs": .integer(recipe.training.epochs),
            "data": data.json(path: recipe.data.path),
            "classNames": .array(data.classNames.map { .string($0) }),
            "model": [
                "name": .string(recipe.model.name), "parameters": .integer(model.parameters.parameterCount),
                "multiplyAdds": .integer(trace.multiplyAdds), "tree": trace.json,
            ],
        ]
        // A run that names none is of those that all runs had.
        if metrics != Metric.unnamed { json["metrics"] = .array(metrics.map(\.json)) }
        for member in more { json[member.name] = member.value }
        json["configuration"] = .array(configuration.filter { $0.kind == .value }.map(Self.entry))
        return json
    }

    private static func entry(_ entry: ConfigurationEntry) -> JSONValue {
        [
            "path": .string(entry.path), "value": .string(entry.value), "origin": .string(entry.origin.description),
            "isDefault": .bool(entry.origin == .defaultValue),
            "default": entry.defaultValue.map { .string($0) } ?? .null,
            "summary": .string(entry.summary),
        ]
    }

    /// The command with the replaced values that the entries tell of.
    static func command(_ start: String, _ entries: [ConfigurationEntry], more: [String] = []) -> String {
        var options: [String] = []
        for entry in entries {
            guard case .override(let option) = entry.origin else { continue }
            let value = option.hasPrefix("--set ") ? String(option.dropFirst(6)) : option
            let text = "--set \(ShellWord.quoted(value))"
            if !options.contains(text) { options.append(text) }
        }
        return ([start] + options + more).joined(separator: " ")
    }

}

/// The data of a run as its report shows it.
struct DataDescription {
    let plan: TransformPlan
    let classNames: [String]
    private let format: String
    private let counts: (training: Int, validation: Int?, test: Int?)
    private let attribution: String?
    /// The counts of images and classes in one line.
    let summary: String

    init<Annotation>(_ data: PreparedData<Annotation>) {
        (plan, classNames, format) = (data.plan, data.classNames, data.splits.format)
        counts = (data.splits.train.count, data.splits.validation?.count, data.splits.test?.count)
        attribution = data.splits.attribution
        summary = data.splits.summary
    }

    func json(path: String) -> JSONValue {
        [
            "path": .string(path), "format": .string(format), "training": .integer(counts.training),
            "validation": .integer(counts.validation ?? 0), "test": counts.test.map { .integer($0) } ?? .null,
            "height": .integer(plan.height), "width": .integer(plan.width), "channels": .integer(plan.channels),
            "attribution": attribution.map { .string($0) } ?? .null,
        ]
    }
}

extension ModelTrace.Node {
    /// The layer with its parts, as `trainer inspect` shows it.
    var json: JSONValue {
        [
            "name": .string(name), "kind": .string(kind),
            "output": .array(output.dimensions.map { .integer($0) }), "parameters": .integer(parameters),
            "multiplyAdds": .integer(multiplyAdds), "parts": .array(children.map(\.json)),
        ]
    }
}
