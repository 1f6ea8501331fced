import Autograd
import Checkpoints
import Configuration
import Datasets
import Distillation
import Foundation
import Layers
import Tasks
import Tensors
import Testing
import Training

/// A pool of three tiny models of three families, three stages of an epoch each.
private let chain = """
    data: {path: digits, imageSize: [8, 8], flip: 0, rotation: 10, cacheMegabytes: 8}
    model:
      name: hornet
      baseWidth: 4
      depths: [1, 1]
      orders: [1, 1]
      mixers: [7x7, 7x7]
      stemStride: 1
      layerScale: 0.1
    optimizer: {learningRate: 4e-3, clipNorm: 5}
    schedule: {warmupEpochs: 0.2}
    training: {epochs: 1, batchSize: 64, threads: 1, saveEveryMinutes: 0, saveEveryUpdates: 7}
    student: {name: small}
    pool:
      teachers:
        - {name: resnet, config: teacher.yaml, set: [model.name=resnet, model.stem=small, "model.depths=[1, 1]", model.baseWidth=8]}
        - {name: convnext, config: teacher.yaml, set: [model.name=convnext, "model.widths=[8, 16]", "model.depths=[1, 1]", model.stemStride=1, model.layerScale=0.1]}
        - {name: cvt, config: teacher.yaml, set: [model.name=cvt, "model.widths=[8, 16]", "model.heads=[1, 1]", "model.depths=[1, 1]", "model.embedKernels=[3, 3]", "model.embedStrides=[1, 2]"]}
    order: [cvt, convnext, resnet]
    stage:
      epochs: 1
      losses: [{kind: kd, warmupEpochs: 0.5}, {kind: pkd}, {kind: mgd}]
    """

private let teacher = """
    data: {path: digits, imageSize: [8, 8], flip: 0, cacheMegabytes: 8}
    optimizer: {learningRate: 4e-3}
    schedule: {warmupEpochs: 0}
    training: {epochs: 1, batchSize: 64, threads: 1}
    """

extension Runs {
    @Suite struct Distilling {
        private let folder: TemporaryFolder
        private let messages = Messages()
        private var pool: String { folder.path + "/pool" }

        init() throws {
            folder = try TemporaryFolder()
            try Data(teacher.utf8).write(to: URL(fileURLWithPath: folder.path + "/teacher.yaml"))
        }

        private func configuration(_ overrides: [String] = [], _ text: String = chain) throws -> DistillationRecipe {
            let path = folder.path + "/chain.yaml"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            return try DistillationRecipe.load(path, overrides: ["pool.directory=\(pool)"] + overrides)
        }

        /// Trains what is missing and runs an arm in a folder below this suite's.
        @discardableResult
        private func distill(
            _ name: String, _ overrides: [String] = [], arm: Arm = .progressive, mode: RunDirectory.Mode = .new,
            crashBefore update: Int? = nil,
            inspect: (DistillationRun<ClassificationConfiguration>) throws -> Void = { _ in }
        ) throws -> DistillationSummary {
            let path = folder.path + "/" + name
            let run = try makeRun(configuration(overrides), path)
            run.options.beforeUpdate = { if $0 == update { throw Crash() } }
            let isResuming = if case .resume = mode { true } else { false }
            let directory = try RunDirectory(path, mode: mode)
            try run.prepare()
            let report = try run.order(in: directory, resuming: isResuming)
            let summary = try run.run(arm, report, in: directory, resuming: isResuming)
            try inspect(run)
            return summary
        }

        private func makeRun(
            _ configuration: DistillationRecipe, _ path: String
        ) throws -> DistillationRun<ClassificationConfiguration> {
            let task = try #require(configuration.recipe.task as? ClassificationConfiguration)
            return try DistillationRun(configuration, task, output: path, console: messages.console)
        }

        private func bytes(_ path: String) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + path))
        }

        /// The student of a run as the starting weights of others, so that it is trained once.
        private func student() throws -> [String] {
            let path = folder.path + "/first/student/weights/best.safetensors"
            if !FileManager.default.fileExists(atPath: path) { try distill("first") }
            return ["student.weights=\(path)"]
        }

        @Test func aChainRunsFromMissingWeightsToStagesAndLeavesTeachersAsTheyWere() throws {
            let summary = try distill("first") { run in
                for teacher in run.teachers {
                    // Parameters and running statistics, after the run and in the file.
                    #expect(teacher.weights.store.sha256 == teacher.sha256)
                    let file = try Weights.read("\(pool)/\(teacher.name)/weights/best.safetensors")
                    #expect(file.store.sha256 == teacher.sha256)
                    #expect(teacher.name != "resnet" || !file.store.buffers.isEmpty)
                }
                #expect(run.teachers.count == 3)
            }
            #expect(summary.stages.map(\.teachers) == [["cvt"], ["convnext"], ["resnet"]])
            #expect(summary.summary.cost.updates == 60)
            #expect(summary.stages[1].before == summary.stages[0].after)
            for stage in 1...3 {
                let weights = try Weights.read(folder.path + "/first/weights/stage-\(stage).safetensors")
                #expect(!weights.store.list.entries.contains { $0.name.hasPrefix("distillation") })
            }
            #expect(try bytes("first/weights/stage-3.safetensors") == bytes("first/weights/last.safetensors"))
            #expect(try metrics(folder.path + "/first").count == 3)
            let lines = try String(contentsOfFile: folder.path + "/first/metrics.jsonl", encoding: .utf8)
            for term in ["loss.crossEntropy", "weightedLoss.kd", "loss.pkd", "loss.mgd"] {
                #expect(lines.contains(term))
            }
            // How taps are paired is for those who ask.
            #expect(messages.all.contains("[7/7 stage 3] ") && !messages.all.contains("1x1 convolution"))
        }

        @Test func aRunKilledInTheSecondStageGoesOnToTheSameBytes() throws {
            let overrides = try student()
            try distill("whole", overrides)
            #expect(throws: Crash.self) { try distill("cut", overrides, crashBefore: 31) }
            #expect(throws: Crash.self) { try distill("cut", overrides, mode: .resume, crashBefore: 40) }
            try distill("cut", overrides, mode: .resume)
            for name in ["stage-1", "stage-2", "stage-3", "last", "best"] {
                #expect(
                    try bytes("whole/weights/\(name).safetensors") == bytes("cut/weights/\(name).safetensors"),
                    "\(name)")
            }
            #expect(try metrics(folder.path + "/whole") == metrics(folder.path + "/cut"))
        }

        @Test(arguments: ["first-steps", "gradient-norm"])
        func balancedLossesAndKeptAdaptersGoOnToTheSameBytesToo(balance: String) throws {
            let overrides =
                try student() + [
                    "stage.balance=\(balance)", "stage.balanceSteps=5", "stage.resetAdapters=false",
                    "stage.resetOptimizer=false", "stage.restartSchedule=false", "order=[convnext, cvt]",
                ]
            try distill("whole", overrides)
            // Within the first stage, once balancing has settled, and then in the second.
            for (index, update) in [9, 24].enumerated() {
                #expect(throws: Crash.self) {
                    try distill("cut", overrides, mode: index == 0 ? .new : .resume, crashBefore: update)
                }
            }
            try distill("cut", overrides, mode: .resume)
            #expect(try bytes("whole/weights/last.safetensors") == bytes("cut/weights/last.safetensors"))
            #expect(messages.all.contains("balanced by a factor"))
        }

        @Test func armsStartFromTheSameBytesAndHaveTheSameEpochs() throws {
            let overrides = try student() + ["order=[cvt, resnet]"]
            let summaries = try Arm.allCases.map { try distill("arm-\($0)", overrides, arm: $0) }
            #expect(Set(summaries.map(\.summary.cost.updates)) == [40])
            #expect(Set(summaries.map { $0.stages[0].before }).count == 1)
            #expect(summaries.prefix(4).map { $0.stages[0].teachers } == [[], ["resnet"], ["cvt", "resnet"], ["cvt"]])
            let weights = try Arm.allCases.map { try bytes("arm-\($0)/weights/last.safetensors") }
            #expect(Set(weights.prefix(4)).count == 4)
            // Where the review keeps every teacher it changes nothing.
            let decisions = try #require(summaries.last).stages.flatMap(\.decisions)
            #expect(!decisions.isEmpty && decisions.contains(where: \.isSkipped) == (weights[3] != weights[4]))
        }

        @Test func keptOutputsTeachTheSameAndGoOnToTheSameBytes() throws {
            let overrides = try student() + ["data.rotation=0", "data.augmentation=none", "order=[cvt, resnet]"]
            let kept = overrides + ["pool.cacheMegabytes=64"]
            let plain = try distill("plain", overrides)
            let cached = try distill("whole", kept)
            #expect(messages.all.contains("the teachers' outputs are kept in"))
            #expect(abs(plain.train.loss - cached.train.loss) < 0.02 * plain.train.loss)
            #expect(throws: Crash.self) { try distill("cut", kept, crashBefore: 31) }
            try distill("cut", kept, mode: .resume)
            #expect(try bytes("whole/weights/last.safetensors") == bytes("cut/weights/last.safetensors"))
            try distill("random", try student() + ["pool.cacheMegabytes=64", "order=[cvt]"])
            #expect(messages.all.contains("because training images are changed at random"))
        }

        @Test func teachersInBFloat16SayNearlyTheSameAndStayAsTheyWere() throws {
            var random = Random(seed: 8, purpose: "images")
            let images = Tensor<Float>.normal([16, 8, 8, 1], from: &random)
            let overrides = try student() + ["order=[cvt, resnet]"]
            try distill("single", overrides)
            try distill("rounded", overrides + ["pool.precision=bf16"]) { run in
                for teacher in run.teachers {
                    let lesson = teacher.teach(ImageBatch(images), images, motions: nil, answers: true)
                    let rounded = try #require(lesson.answer?.first).value.array
                    let weights = teacher.weights
                    let single = weights.model(Variable(images), .evaluation(weights.store)).logits.value.array
                    let difference = zip(rounded, single).map { abs($0 - $1) }.max() ?? .infinity
                    #expect(difference <= 1e-2 * (single.map(abs).max() ?? 0), "\(teacher.name): \(difference)")
                    #expect((difference > 0) == ProductPrecision.hasBFloat16, "\(teacher.name)")
                    #expect(weights.store.sha256 == teacher.sha256, "\(teacher.name)")
                    let file = try Weights.read("\(pool)/\(teacher.name)/weights/best.safetensors")
                    #expect(file.store.sha256 == teacher.sha256, "\(teacher.name)")
                }
            }
            let weights = try ["single", "rounded"].map { try bytes("\($0)/weights/last.safetensors") }
            #expect((weights[0] == weights[1]) == !ProductPrecision.hasBFloat16)
        }

        @Test func theSelectionExplainsItsOrderAndWritesIt() throws {
            let overrides = try student() + ["order=bgs", "maxTeachers=2", "stage.epochs=1"]
            let summary = try distill("order", overrides)
            let text = try String(contentsOfFile: folder.path + "/order/order.json", encoding: .utf8)
            let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            #expect(json?["order"] as? [String] == summary.order)
            #expect((json?["costs"] as? [Any])?.isEmpty == false)
            #expect(text.contains(" last: validation score "))
        }

        @Test func anotherSetOfTeachersOnResumeIsRefused() throws {
            let overrides = try student()
            #expect(throws: Crash.self) { try distill("cut", overrides, crashBefore: 31) }
            // The same name with other weights: those of another member.
            let swapped = "\(pool)/cvt/weights/best.safetensors"
            try FileManager.default.removeItem(atPath: swapped)
            try FileManager.default.copyItem(atPath: "\(pool)/convnext/weights/best.safetensors", toPath: swapped)
            let error = #expect(throws: RecipeError.self) { try distill("cut", overrides, mode: .resume) }
            #expect(error?.description.contains("the weights of the teacher cvt are others than those") == true)
        }

        @Test func mistakesAreToldBeforeAnyTraining() throws {
            func fails(_ overrides: [String], _ sentence: String, _ text: String = chain) {
                let error = #expect(throws: (any Error).self, "\(sentence)") {
                    _ = try makeRun(configuration(overrides, text), folder.path + "/wrong")
                }
                #expect(error.map { "\($0)".contains(sentence) } == true, "\(String(describing: error))")
            }
            fails(["order=[cvt, convnex]"], "did you mean `convnext`?")
            fails(["order=[small]"], "names the student `small` as its own teacher")
            fails(["student.name=cvt"], "is in the pool as its own teacher")
            let missing = chain.replacingOccurrences(
                of: "{name: cvt, config: teacher.yaml, ", with: "{name: cvt, config: gone.yaml, ")
            fails([], "gone.yaml", missing)
            func member(_ weights: String) -> String {
                chain.replacingOccurrences(
                    of: "{name: resnet, config: teacher.yaml, set: [model.name=resnet, ",
                    with: "{name: resnet, weights: \(weights), set: [model.name=resnet, ")
            }
            fails(
                [], "the weights of resnet cannot be used: \(folder.path)/none.safetensors",
                member(folder.path + "/none.safetensors"))
            let foreign = folder.path + "/foreign.safetensors"
            try SafetensorsFile(tensors: []).write(path: foreign)
            fails([], "expected weights written by trainer", member(foreign))
            fails(
                [], "have no stride in common",
                chain.replacingOccurrences(of: "\"model.embedStrides=[1, 2]\"", with: "\"model.embedStrides=[4, 2]\""))
            fails(["data.validation=0", "order=bgs"], "order: bgs measures costs on a validation part")
            try writeIDX(folder.path + "/four", images: 80)
            try train(
                folder.path + "/other", ["data.path=\(folder.path)/four", "training.batchSize=8", "training.epochs=1"])
            fails(
                [], "resnet knows 4 classes, but the student learns 10",
                member(folder.path + "/other/weights/best.safetensors"))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/wrong"))
            #expect(!FileManager.default.fileExists(atPath: pool))
        }
    }
}
