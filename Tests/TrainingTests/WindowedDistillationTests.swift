import Checkpoints
import Distillation
import Foundation
import Tasks
import Testing
import Training

/// A model of windows and one of tokens teach each other and a residual network, on the digits the program brings along.
private let chain = """
    data: {path: digits, imageSize: [8, 8], flip: 0, rotation: 10, cacheMegabytes: 8}
    optimizer: {learningRate: 2e-3, clipNorm: 5}
    schedule: {warmupEpochs: 0.2}
    training: {epochs: 1, batchSize: 64, threads: 1, saveEveryMinutes: 0}
    student: {name: small}
    pool:
      teachers:
        - {name: swin, config: teacher.yaml, set: [model.name=swin, model.baseWidth=8, "model.depths=[2, 1]", "model.heads=[1, 2]", model.stemStride=1, model.window=4]}
        - {name: mobileformer, config: teacher.yaml, set: [model.name=mobileformer, model.stemWidth=8, model.stemStride=1, "model.widths=[8, 8, 16]", "model.expansions=[2, 2, 2]", "model.strides=[1, 1, 2]", model.tokens=2, model.tokenWidth=16, model.embedding=32]}
    order: [mobileformer, swin]
    stage:
      epochs: 1
      losses: [{kind: kd, warmupEpochs: 0.5}, {kind: pkd}]
    """

private let teacher = """
    data: {path: digits, imageSize: [8, 8], flip: 0, cacheMegabytes: 8}
    optimizer: {learningRate: 2e-3}
    schedule: {warmupEpochs: 0}
    training: {epochs: 1, batchSize: 64, threads: 1}
    """

extension Runs {
    @Suite struct WindowedDistilling {
        private let folder: TemporaryFolder
        private let messages = Messages()

        init() throws {
            folder = try TemporaryFolder()
            try Data(teacher.utf8).write(to: URL(fileURLWithPath: folder.path + "/teacher.yaml"))
            try Data(chain.utf8).write(to: URL(fileURLWithPath: folder.path + "/chain.yaml"))
        }

        @Test(arguments: [
            ["model.name=resnet", "model.stem=small", "model.depths=[1, 1]", "model.baseWidth=8"],
            [
                "model.name=swin", "model.baseWidth=8", "model.depths=[1, 2]", "model.heads=[2, 2]",
                "model.stemStride=1", "model.window=3",
            ],
        ])
        func bothTeachAndSwinLearns(student: [String]) throws {
            let recipe = try DistillationRecipe.load(
                folder.path + "/chain.yaml", overrides: ["pool.directory=\(folder.path)/pool"] + student)
            let task = try #require(recipe.recipe.task as? ClassificationConfiguration)
            let path = folder.path + "/run"
            let run = try DistillationRun(recipe, task, output: path, console: messages.console)
            let directory = try RunDirectory(path, mode: .new)
            try run.prepare()
            let report = try run.order(in: directory, resuming: false)
            let summary = try run.run(.progressive, report, in: directory, resuming: false)
            #expect(summary.stages.map(\.teachers) == [["mobileformer"], ["swin"]])
            for teacher in run.teachers { #expect(teacher.weights.store.sha256 == teacher.sha256) }
            let lines = try String(contentsOfFile: path + "/metrics.jsonl", encoding: .utf8)
            #expect(lines.contains("weightedLoss.kd") && lines.contains("loss.pkd"))
        }
    }
}
