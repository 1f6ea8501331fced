import Checkpoints
import Configuration
import Datasets
import Foundation
import Tasks
import Testing
import Training

extension Runs {
    /// A run folder in the place of weights and of a configuration, and the parts of its data.
    @Suite struct Folders {
        private let folder: TemporaryFolder
        private let run: String

        init() throws {
            folder = try TemporaryFolder()
            run = folder.path + "/run"
            try train(run, ["training.epochs=1", "optimizer.ema=null"])
        }

        @Test func itStandsForItsWeightsAndItsConfiguration() throws {
            #expect(try Weights.file(at: run + "/") == run + "/weights/best.safetensors")
            #expect(try OpenedRecipe(run).recipe.resolvedYAML == Recipe.load(run + "/config.yaml").resolvedYAML)
            #expect(RunFolder(of: run + "/weights/last.safetensors")?.path == run)
            #expect(RunFolder(of: folder.path + "/last.safetensors") == nil && RunFolder(folder.path) == nil)
            let next = try TrainingTests.run(of: recipe(["model.weights=\(run)"]))
            #expect(next.notices.allSatisfy { !$0.contains("drawn anew") })
        }

        @Test func anotherFolderIsNoConfiguration() {
            #expect(throws: RecipeError.self) { try OpenedRecipe(folder.path) }
            do { _ = try OpenedRecipe(folder.path + "/") } catch {
                #expect("\(error)".contains("use a preset with --set data.path=\(folder.path)"))
            }
        }

        @Test func aRelativeDataPathIsFoundAboveTheRun() throws {
            let config = run + "/config.yaml"
            let text = try String(contentsOfFile: config, encoding: .utf8)
            try text.replacing("path: digits", with: "path: some/photos").write(
                toFile: config, atomically: true, encoding: .utf8)
            #expect(throws: RecipeError.self) { try OpenedRecipe(run).checkData() }
            try FileManager.default.createDirectory(
                atPath: folder.path + "/some/photos", withIntermediateDirectories: true)
            let opened = try OpenedRecipe(run)
            #expect(opened.recipe.data.path.hasSuffix("/some/photos") && opened.recipe.data.path.hasPrefix("/"))
            #expect(opened.notices.count == 1)
            let given = try OpenedRecipe(run, overrides: ["data.path=digits"])
            #expect(given.recipe.data.path == "digits" && given.notices.isEmpty)
        }

        @Test func thePartsAreThoseOfTheRun() throws {
            let recipe = try OpenedRecipe(run).recipe
            let splits = try prepared(recipe).splits
            func open(_ part: PartChoice?, _ recipe: Recipe) throws -> DatasetPart<ClassLabel> {
                try LabeledData.openPart(
                    recipe.data.path, part, validation: recipe.data.validation, seed: UInt64(recipe.run.seed))
            }
            for (part, count) in [(PartChoice.train, 1294), (.validation, 143), (.test, 360)] {
                let images = try open(part, recipe)
                #expect(images.choice == part && images.dataset.count == count)
            }
            let held = try open(.validation, recipe).dataset
            let own = try #require(splits.validation)
            #expect((0..<held.count).allSatisfy { held.name($0) == own.name($0) })
            #expect(try open(nil, recipe).choice == .test)
            let without = try OpenedRecipe(run, overrides: ["data.validation=0"]).recipe
            let error = #expect(throws: DatasetError.self) { try open(.validation, without) }
            #expect(
                error?.problem.hasPrefix("there is no validation part (data.validation is 0), expected one of train")
                    == true)
        }

        @Test func classesAreMatchedByName() throws {
            let weights = try Weights.find(run).weights
            let images = (0..<2).map { _ in Image(width: 1, height: 1, channels: 1, pixels: [0]) }
            func data(_ names: [String]) -> InMemoryDataset {
                InMemoryDataset(classNames: names, images: images, labels: [0, 1], source: "x")
            }
            let section = try recipe().data
            let matched = try weights.matched(data(["7", "3"]), section, ClassificationConfiguration.self)
            #expect(try matched.classNames.count == 10 && matched.labels() == [7, 3])
            #expect(throws: RecipeError.self) {
                try weights.matched(data(["7", "cat"]), section, ClassificationConfiguration.self)
            }
        }
    }
}
