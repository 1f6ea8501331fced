import Checkpoints
import Configuration
import Datasets
import Foundation
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
            let started = try PreparedData(recipe(["model.weights=\(run)"]))
            let next = try TrainingRun(
                recipe(["model.weights=\(run)"]), data: started, console: Messages().console)
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
            let weights = try Weights.find(run).weights
            let recipe = try OpenedRecipe(run).recipe
            let splits = try PreparedData(recipe).splits
            for (part, count) in [(EvaluationPart.train, 1294), (.validation, 143), (.test, 360)] {
                let images = try EvaluationImages(recipe, part: part, weights: weights)
                #expect(images.part == part && images.dataset.count == count)
            }
            let held = try EvaluationImages(recipe, part: .validation, weights: weights).dataset
            let own = try #require(splits.validation)
            #expect((0..<held.count).allSatisfy { held.name($0) == own.name($0) })
            #expect(try EvaluationImages(recipe, part: nil, weights: weights).part == .test)
            let without = try OpenedRecipe(run, overrides: ["data.validation=0"]).recipe
            do { _ = try EvaluationImages(without, part: .validation, weights: weights) } catch {
                #expect(
                    "\(error)"
                        == "digits has no validation part (data.validation is 0), expected --part train or test")
            }
        }

        @Test func classesAreMatchedByName() throws {
            let weights = try Weights.find(run).weights
            let names = ["7", "3"]
            let images = (0..<2).map { _ in Image(width: 1, height: 1, channels: 1, pixels: [0]) }
            let data = InMemoryDataset(classNames: names, images: images, labels: [0, 1], source: "x")
            let matched = try weights.matched(data, names: names, path: "x")
            #expect(matched.classNames.count == 10 && matched.label(0) == 7 && matched.label(1) == 3)
            #expect(throws: RecipeError.self) { try weights.matched(data, names: ["7", "cat"], path: "x") }
        }
    }
}
