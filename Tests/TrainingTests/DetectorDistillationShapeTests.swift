import Autograd
import Checkpoints
import Configuration
import Datasets
import Distillation
import Foundation
import JSON
import Layers
import RunLayout
import Tasks
import Tensors
import Testing
import Training

// Maps, sizes and shapes of a distillation's detectors, and mistakes in its configuration.
extension Runs.DistillingDetectors {
    @Test func costsOfFewImagesFirstAreThoseOfAllInTheEnd() throws {
        // Error bars of six held-out images decide nothing.
        let overrides = try student() + ["order=bgs", "training.evaluationBatchSize=4"]
        func order(_ more: [String]) throws -> String {
            let run = try makeRun(overrides + more, folder + "/none")
            try run.prepare()
            let report = try run.findOrder()
            #expect(!report.costs.isEmpty)
            return report.json.text(pretty: true)
        }
        let all = try order(["cost.firstImages=1000", "cost.cacheMegabytes=0"])
        #expect(try order(["cost.firstImages=1"]) == all)
        #expect(try order(["cost.firstImages=5", "cost.cacheMegabytes=1"]) == all)
        #expect(try order(["cost.firstImages=5", "cost.cacheMegabytes=0"]) == all)
    }

    @Test func mapsAreThoseBeforeNormsAndNeedNoHead() throws {
        let recipe = try detector.recipe(["neck.groups=4"])
        let data = try PreparedData(recipe, try #require(recipe.task as? DetectionConfiguration))
        let model = try data.specification.makeModel(height: 32, width: 32)
        let store = ParameterStore<Float>(model.parameters, seed: 3)
        var random = Random(seed: 1, purpose: "image")
        let image = Tensor<Float>([1, 32, 32, 3], (0..<32 * 32 * 3).map { _ in Float(random.normal()) })
        let answer = model(Variable(image), .evaluation(store))
        let maps = model.features(Variable(image), .evaluation(store))
        #expect(maps.map(\.value.array) == answer.features.map(\.value.array))
        #expect(try model.taps(height: 32, width: 32).map(\.name).suffix(2) == ["neck.P2", "neck.P3"])
        // Behind the norm a group of channels has variance 1.
        for map in maps.suffix(2) {
            let values = map.value.array.enumerated().filter { $0.offset % 8 < 2 }.map { Double($0.element) }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            #expect(abs(variance - 1) > 0.05, "the variance is \(variance)")
        }
    }

    @Test func aTeacherOfAnotherSizeSeesTheImageItself() throws {
        var random = Random(seed: 2, purpose: "pixels")
        let image = Image(
            width: 8, height: 8, channels: 1, pixels: (0..<64).map { _ in UInt8(random.integer(below: 256)) })
        let plan = TransformPlan(
            width: 8, height: 8, channels: 1, training: [], evaluation: [],
            normalization: Normalization(mean: [0.5], deviation: [0.25]))
        let view = TeacherView(plan) { _ in image }
        func normalized(_ x: Int, _ y: Int) -> Float { (Float(image.pixels[y * 8 + x]) / 255 - 0.5) / 0.25 }
        // The student sees half the size; mirrored, and two of its pixels farther left.
        let half = Motion.resize(Pair(8, 8), to: Pair(4, 4))
        let moved = half.then(.flip(Pair(4, 4))).then(.crop(Pair(4, 4), x: 2, y: 0, to: Pair(4, 4)))
        let padding = Tensor<Float>([2, 8, 8, 1], repeating: 9)
        let seen = view(padding, size: Pair(4, 4), Shown(indices: [0, 0], motions: [half, moved])).array
        for y in 0..<8 {
            for x in 0..<8 {
                #expect(abs(seen[y * 8 + x] - normalized(x, y)) < 1e-5)
                let expected = x < 4 ? normalized(3 - x, y) : 9
                #expect(abs(seen[64 + y * 8 + x] - expected) < 1e-5, "\(x), \(y)")
            }
        }
    }

    @Test func sizesAndShapesOfBatchesMayDiffer() throws {
        // Square images take half of the input, so their batches are cut; teachers have twice the size.
        let small = ["data.imageSize=[32, 64]", "student.name=tiny"]
        let text = detectors.replacing("wide.yaml", with: "large.yaml")
        let overrides = small + ["pool.directory=\(folder)/large", "order=[wide, resnet]", "stage.epochs=1"]
        let summary = try distill("sizes", overrides, text)
        #expect(summary.stages.map(\.teachers) == [["wide"], ["resnet"]])
        #expect(!messages.all.contains("is shown the student's images"))
        try distill("again", overrides + ["training.threads=2", "student.weights=\(folder)/sizes/student"], text)
        #expect(
            FileManager.default.contents(atPath: folder + "/sizes/weights/last.safetensors")
                == FileManager.default.contents(atPath: folder + "/again/weights/last.safetensors"))
    }

    @Test func mistakesAreToldInOneSentence() throws {
        func fails(_ overrides: [String], _ sentence: String, _ text: String = detectors) {
            let error = #expect(throws: (any Error).self, "\(sentence)") {
                _ = try makeRun(overrides, folder + "/wrong", text)
            }
            #expect(error.map { "\($0)".contains(sentence) } == true, "\(String(describing: error))")
        }
        fails(["stage.losses=[{kind: kd}]"], "kd compares one row of class scores")
        fails(["stage.losses=[{kind: headKD}]"], "stage of faster: The losses `headKD` and `boxKD` compare heads")
        fails(
            ["stage.pairs=[{student: neck.P2, teacher: neck.P7}]"], "The teacher has no tap `neck.P7`, did you mean"
        )
        fails(["student.inherit=[neck, tail]"], "found `tail`, expected neck or head")
        fails(["data.validation=0", "stage.patience=2"], "needs a validation part")
        try AtomicFile.write(folder + "/classifier.yaml", "data: {path: digits}\nmodel: {name: hornet_pico_7x7}\n")
        fails(
            [], "is classification, expected detection as the student's",
            detectors.replacing("config: faster.yaml", with: "config: classifier.yaml"))
        let other = try SmallDetector(identifiers: [1, 7, 90])
        try other.train("run", ["training.epochs=1"])
        fails(
            [], "faster knows 3 classes, but the student learns 2",
            detectors.replacing(
                "config: faster.yaml", with: "weights: \(other.folder.path)/run/weights/best.safetensors"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/wrong"))
    }
}
