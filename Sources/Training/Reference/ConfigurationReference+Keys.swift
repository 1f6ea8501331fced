import Configuration
import Distillation
import Models
import Tasks

extension ConfigurationReference {
    /// All keys of training and distillation.
    package static func all() throws -> ConfigurationReference {
        try ConfigurationReference(switches: [tasks, heads, families, losses]) { DistillationRecipe.read($0) }
    }

    /// The keys that a configuration of that text has, in place of those of an empty one.
    package static func keys(of text: String) throws -> [ConfigurationEntry] {
        try entries(text) { DistillationRecipe.read($0) }
    }

    /// Which keys there are beside the common ones depends on the task.
    private static var tasks: Switch {
        Switch(["task"], TaskRegistry.all.map { .init($0.name, words: [$0.name], text: "task: " + $0.name) })
    }

    /// Which keys `head` has depends on its kind.
    private static var heads: Switch {
        let dense = ModelHead.dense.map { head in
            Switch.Kind(
                head.name, words: [head.name],
                text: "{task: \(SegmentationConfiguration.name), head: {kind: \(head.name)}}")
        }
        let detectors = DetectorHead.names.map { name in
            let masks = RegionHeadSpecification.Kind(rawValue: name)?.answersMasks ?? false
            let task = masks ? InstanceConfiguration.name : DetectionConfiguration.name
            return Switch.Kind(name, words: [name], text: "{task: \(task), head: {kind: \(name)}}")
        }
        return Switch(["head.kind"], dense + detectors, sections: ["head", "neck"])
    }

    /// Which keys `model` has depends on the family that its name belongs to.
    private static var families: Switch {
        let labels = ModelSpecification.familyNames
        return Switch(
            ["model.name"],
            labels.map { label in
                let words = ModelSpecification.names.filter { ModelSpecification.familyName(of: $0) == label }
                return .init(label, words: words, text: "model: {name: \(label)}")
            })
    }

    private static var losses: Switch {
        Switch(
            ["stage.losses[].kind", "stages[].losses[].kind"],
            LossKind.allCases.map(\.rawValue).map { word in
                let losses = "losses: [{kind: \(word)}]"
                return .init(word, words: [word], text: "{stage: {\(losses)}, stages: [{teacher: any, \(losses)}]}")
            })
    }
}
