import Checkpoints
import Datasets
import Foundation
import Layers
import Tasks
import Testing
import Training

/// How a recipe brings images to the model's input.
struct InputTests {
    /// Two classes of images of these sizes each, in train and test.
    private func folder(_ sizes: [(width: Int, height: Int)]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in ["train/a", "train/b", "test/a", "test/b"] {
            let path = folder.path + "/" + name
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (index, size) in sizes.enumerated() {
                let pixels = (0..<3 * size.width * size.height).map { UInt8(truncatingIfNeeded: $0 * 7) }
                let image = Image(width: size.width, height: size.height, channels: 3, pixels: pixels)
                try Data(image.encodedAsPNG()).write(to: URL(fileURLWithPath: "\(path)/\(index).png"))
            }
        }
        return folder
    }

    private func data(_ folder: TemporaryFolder, _ overrides: [String]) throws -> PreparedData<ClassLabel> {
        let text = """
            data: {path: \(folder.path), validation: 0}
            model: {name: hornet_pico_7x7}
            """
        return try prepared(recipe(overrides, text))
    }

    @Test func mixedSizesGiveASquareANoticeAndTheCostOfCutting() throws {
        let folder = try folder([(60, 40), (200, 40), (90, 70)])
        let found = try data(folder, [])
        #expect(found.plan.width == 48 && found.plan.height == 48)
        #expect(
            found.notices == [
                "The images differ in size (60x40 to 200x40, median 90x40), so 48x48 is taken; data.imageSize chooses "
                    + "another.",
                "Images are cut: on average 45 %, at most 80 % of an image is lost (data.fit: pad and stretch keep all of "
                    + "it).",
            ])
        #expect(try data(folder, ["data.fit=pad"]).notices.count == 1)
        #expect(
            try data(folder, ["data.augmentation=resizedCrop"]).notices.last?.hasPrefix("In evaluation images are cut")
                == true)
    }

    @Test func oneSizeIsTakenWithoutAWord() throws {
        let found = try data(folder([(40, 24), (40, 24)]), [])
        #expect(found.plan.width == 40 && found.plan.height == 24 && found.notices.isEmpty)
    }

    @Test func fitHoldsForTrainingAndEvaluation() throws {
        let folder = try folder([(40, 20)])
        let size = ["data.imageSize=[16, 32]", "data.mean=[0.5]", "data.deviation=[0.25]", "data.flip=0"]
        let crop = TransformStep.fit(width: 32, height: 16, filter: .bilinear)
        let pad = TransformStep.pad(width: 32, height: 16, filter: .bilinear, fill: [128, 128, 128])
        let stretch = TransformStep.resize(width: 32, height: 16, filter: .bilinear)
        for (name, step) in [("crop", crop), ("pad", pad), ("stretch", stretch)] {
            let plan = try data(folder, size + ["data.fit=\(name)"]).plan
            #expect(plan.evaluation == [step] && plan.training.first == step)
            #expect(plan.training.count == 2)
        }
        #expect(try data(folder, size).plan.evaluation == [crop])
    }

    @Test func theEvaluatedMiddleLiesInsideTheImage() throws {
        let folder = try folder([(40, 20)])
        func steps(_ overrides: [String]) throws -> [TransformStep] {
            try data(folder, ["data.evaluationCrop=0.8"] + overrides).plan.evaluation
        }
        #expect(
            try steps(["data.imageSize=[16, 32]"]) == [
                .fit(width: 40, height: 20, filter: .bilinear), .centerCrop(width: 32, height: 16),
            ])
        #expect(
            try steps(["data.imageSize=[16, 32]", "data.fit=stretch"]) == [
                .resize(width: 40, height: 20, filter: .bilinear), .centerCrop(width: 32, height: 16),
            ])
        // As it always was.
        #expect(
            try steps(["data.imageSize=[32]"]) == [
                .resizeShorterSide(to: 40, filter: .bilinear), .centerCrop(width: 32, height: 32),
            ])
        // White stays white whatever the shapes.
        let white = Image(width: 57, height: 23, channels: 3, pixels: Array(repeating: 255, count: 57 * 23 * 3))
        for size in ["[16, 32]", "[32, 16]", "[17, 23]", "[24, 24]"] {
            let plan = try data(folder, ["data.evaluationCrop=0.875", "data.imageSize=\(size)"]).plan
            let values = try Transform(plan, mode: .evaluation)(white)
            #expect(Set(values).count <= 3 && values.min().map { $0 > 0 } == true, "\(size)")
        }
    }

    @Test func impossibleMiddlesNameTheirKey() throws {
        let folder = try folder([(40, 20)])
        for value in ["1e-300", "0.049"] {
            #expect(
                "\(try #require(throws: (any Error).self) { try data(folder, ["data.evaluationCrop=\(value)"]) })"
                    .contains("`data.evaluationCrop`: found \(Double(value)!), expected 0 (no cut) or 0.05 to 1"))
        }
        let error = #expect(throws: RecipeError.self) {
            try data(folder, ["data.evaluationCrop=0.05", "data.imageSize=[1024]"])
        }
        #expect(error?.description.contains("data.evaluationCrop is 0.05, so images would be resized") == true)
    }

    @Test func aRunThatIsGoneOnWithKeepsItsInput() throws {
        let folder = try folder([(60, 40), (200, 40)])
        let text = """
            data: {path: \(folder.path), validation: 0}
            model: {name: hornet_pico_7x7}
            """
        let plain = try recipe([], text)
        // What an earlier version took: the size of the first file.
        let old = try prepared(recipe(["data.imageSize=[40, 60]"], text))
        let model = try old.specification.makeModel(height: 40, width: 60)
        let weights = Weights(
            metadata: WeightsMetadata(
                specification: old.specification, vocabulary: old.vocabulary, transform: old.plan),
            model: model, store: ParameterStore(model.parameters, seed: 0))
        let run = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: run.path + "/weights", withIntermediateDirectories: true)
        try weights.write(run.path + "/weights/last.safetensors")
        #expect(try prepared(plain, resuming: run.path).plan.width == 60)
        #expect(try prepared(plain, resuming: run.path + "/nothing").plan.width == 48)
    }
}
