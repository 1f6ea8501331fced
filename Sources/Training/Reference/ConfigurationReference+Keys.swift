import Configuration
import Distillation
import Models

extension ConfigurationReference {
    /// All keys of training and distillation.
    package static func all() throws -> ConfigurationReference {
        try ConfigurationReference(switches: [families, losses]) { DistillationRecipe.read($0) }
    }

    /// The keys that a configuration of that text has, in place of those of an empty one.
    package static func keys(of text: String) throws -> [ConfigurationEntry] {
        try entries(text) { DistillationRecipe.read($0) }
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
