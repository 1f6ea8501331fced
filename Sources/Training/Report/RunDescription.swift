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
    var data: PreparedData
    var model: any FeatureModel
    /// Further members, such as the arm of a distillation.
    var more: [JSONValue.Member] = []

    /// - Parameter earlier: the description that the run left when it was started, if it goes on.
    func json(continuing earlier: JSONValue?) throws -> JSONValue {
        let now = Date().timeIntervalSince1970.rounded()
        let plan = data.plan
        let trace = try model.trace(height: plan.height, width: plan.width)
        var json: JSONValue = [
            "kind": .string(kind), "command": .string(command),
            "startSeconds": earlier?["startSeconds"] ?? .integer(Int(now)),
            "resumedSeconds": .array(
                (earlier?["resumedSeconds"]?.arrayValue ?? []) + (earlier == nil ? [] : [.integer(Int(now))])),
            "machine": Machine.json, "program": ProgramVersion.current.json, "epochs": .integer(recipe.training.epochs),
            "data": dataJSON,
            "classNames": .array(data.classNames.map { .string($0) }),
            "model": [
                "name": .string(recipe.model.name), "parameters": .integer(model.parameters.parameterCount),
                "multiplyAdds": .integer(trace.multiplyAdds), "tree": trace.json,
            ],
        ]
        for member in more { json[member.name] = member.value }
        json["configuration"] = .array(configuration.filter { $0.kind == .value }.map(Self.entry))
        return json
    }

    private var dataJSON: JSONValue {
        let (splits, plan) = (data.splits, data.plan)
        return [
            "path": .string(recipe.data.path), "format": .string(splits.format),
            "training": .integer(splits.train.count), "validation": .integer(splits.validation?.count ?? 0),
            "test": splits.test.map { .integer($0.count) } ?? .null, "height": .integer(plan.height),
            "width": .integer(plan.width),
            "channels": .integer(plan.channels), "attribution": splits.attribution.map { .string($0) } ?? .null,
        ]
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
            let text = "--set \(quoted(value))"
            if !options.contains(text) { options.append(text) }
        }
        return ([start] + options + more).joined(separator: " ")
    }

    /// A word for a shell.
    static func quoted(_ word: String) -> String { ShellWord.quoted(word) }
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
