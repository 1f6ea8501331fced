import Configuration
import Foundation
import JSON
import Tensors
import Testing
import Training

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private func committed(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
}

/// A text that says `word` at that path, whose lists have one entry.
private func document(_ path: String, _ word: String) -> String {
    path.split(separator: ".").reversed().reduce(word) { inner, part in
        part.hasSuffix("[]") ? "{\(part.dropLast(2)): [\(inner)]}" : "{\(part): \(inner)}"
    }
}

@Suite struct ReferenceTests {
    private let reference: ConfigurationReference

    init() throws { reference = try .all() }

    @Test func theCommittedFilesAreUpToDate() throws {
        let hint: Comment = "make it anew with trainer config --reference --markdown or --schema"
        #expect(try committed("Docs/ConfigReference.md") == ReferenceText(reference).markdown, hint)
        #expect(try committed("Configs/schema.json") == ReferenceSchema(reference).json.text(pretty: true) + "\n", hint)
    }

    @Test func everyKeyOfTheConfigurationsThatComeAlongIsInIt() throws {
        let folder = root.appendingPathComponent("Configs").path
        let names = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
        // What teachers have in common is no configuration by itself.
        let configs = names.filter { $0.hasSuffix(".yaml") && !$0.hasSuffix("teacher.yaml") }
        #expect(configs.count > 8)
        for name in configs {
            let path = "\(folder)/\(name)"
            let entries =
                try DistillationRecipe.isOne(path)
                ? try DistillationRecipe.load(path).entries : try Recipe.load(path).entries
            for entry in entries {
                let key = reference.keys.first { $0.path == ConfigurationReference.anyEntry(entry.path) }
                #expect(key?.forms.contains { $0.entry.summary == entry.summary } == true, "\(name): \(entry.path)")
            }
        }
    }

    /// A key that there is only for some word of another one would be missing unless that one is a switch.
    @Test func noWordBringsKeysThatTheReferenceDoesNotHave() throws {
        let known = Set(reference.keys.map(\.path))
        var checked = 0
        for key in reference.keys where !key.isSection {
            let entry = key.forms[0].entry
            var words = entry.choices
            if entry.type?.scalar == .boolean { words = ["true", "false"] }
            for word in words where entry.type?.count == nil {
                var said = document(key.path, word)
                if let label = key.forms[0].labels.first, let decisive = reference.deciding(key.section),
                    !decisive.keys.contains(key.path),
                    let kind = decisive.kinds.first(where: { $0.label == label })
                {
                    let name = decisive.keys[0].split(separator: ".").last.map(String.init) ?? ""
                    said = document(key.section, "{\(name): \(kind.words.last ?? ""), \(key.name): \(word)}")
                }
                let found = try ConfigurationReference.keys(of: said)
                let extra = found.map(\.path).filter { !known.contains($0) }
                #expect(extra.isEmpty, "\(said) brings \(extra)")
                checked += 1
            }
        }
        #expect(checked > 80)
    }

    @Test func familiesAndLossesHaveTheirOwnKeys() throws {
        func forms(_ path: String) -> [[String]] { reference.keys.first { $0.path == path }?.forms.map(\.labels) ?? [] }
        #expect(forms("model.orders") == [["hornet"]])
        #expect(forms("model.block") == [["resnet"]])
        #expect(forms("model.classes") == [[]])
        #expect(forms("stage.losses[].mask") == [["mgd"]])
        #expect(forms("optimizer.ema.decay") == [[]])
        #expect(forms("pool.teachers[].name") == [[]])
        let rate = try #require(reference.keys.first { $0.path == "optimizer.learningRate" }).forms[0].entry
        #expect(rate.expected == "a number above 0" && rate.type?.minimum == 0 && rate.type?.excludesMinimum == true)
    }

    @Test func theSchemaSaysWhatTheReaderAccepts() throws {
        let schema = ReferenceSchema(reference).json
        func property(_ path: String) -> JSONValue? {
            path.split(separator: ".").reduce(schema) { $0?["properties"]?[String($1)] }
        }
        let rate = try #require(property("optimizer.learningRate"))
        #expect(rate["exclusiveMinimum"] == 0 && rate["minimum"] == nil && rate["default"] == 0.001)
        let batch = try #require(property("training.batchSize"))
        #expect(batch["minimum"] == 1 && batch["maximum"] == 65536)
        #expect(property("optimizer.kind")?["enum"] == ["adamw", "sgd", "lion", "muon", "lamb", "scheduleFree", .null])
        #expect(property("optimizer")?["additionalProperties"] == false)
        #expect(property("data.colorJitter")?["minItems"] == 4 && property("data.colorJitter")?["maxItems"] == 4)
        #expect(property("loss.classWeights")?["anyOf"]?.arrayValue?.count == 2)
        #expect(property("pool.teachers")?["items"]?["required"] == ["name"])
        // Keys of other families are ruled out once the model has a name.
        let rules = try #require(property("model")?["allOf"]?.arrayValue)
        let resnet = try #require(
            rules.first { $0["if"]?["properties"]?["name"]?["enum"]?.arrayValue?.contains("resnet50") == true })
        #expect(resnet["then"]?["properties"]?["orders"] == false)
        #expect(resnet["then"]?["properties"]?["block"]?["enum"] != nil)
    }

    @Test func anAnnotatedConfigurationReadsBack() throws {
        let recipe = try recipe(["optimizer.learningRate=2e-3"])
        let text = ResolvedConfiguration.annotated(recipe.resolvedYAML, recipe.entries)
        #expect(text.contains("# --set optimizer.learningRate=2e-3\n"))
        #expect(
            text.split(separator: "\n").contains { $0.contains("clipNorm: 5.0") && $0.hasSuffix("# small.yaml:21:13") })
        #expect(text.split(separator: "\n").contains { $0.contains("weightDecay: 0.05") && $0.hasSuffix("# default") })
        let again = try Recipe(ConfigurationDocument.parse(text: text, name: "again.yaml"), path: "again.yaml")
        #expect(again.resolvedYAML == recipe.resolvedYAML)
    }

    @Test func valuesBecomeJSON() throws {
        let text = #"""
            data: {path: "a, b: [c]", classNames: [one, "two, three", "four \"4\""], scaling: [1, 2]}
            optimizer: {freeze: []}
            """#
        let entries = try Recipe(ConfigurationDocument.parse(text: text, name: "x.yaml"), path: "x.yaml").entries
        func value(_ path: String) -> JSONValue? { entries.first { $0.path == path }?.json }
        #expect(value("data.path") == "a, b: [c]")
        #expect(value("data.classNames") == ["one", "two, three", #"four "4""#])
        #expect(value("data.scaling") == [1.0, 2.0])
        #expect(value("optimizer.freeze") == [])
        #expect(value("data.imageSize") == .null)
        #expect(value("training.dropLast") == "auto")
        #expect(value("model.mixers") == ["7x7", "7x7", "7x7", "7x7"])
    }
}
