import Checkpoints
import Configuration
import Distributed
import Foundation
import Tasks
import TestSupport
import Testing
import Training

/// A student of two stages and the teachers that are trained first.
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
    training: {epochs: 1, batchSize: 128, threads: 1, saveEveryMinutes: 0, saveEveryUpdates: 4, slices: 4}
    student: {name: small}
    pool:
      teachers:
        - {name: resnet, config: teacher.yaml, set: [model.name=resnet, model.stem=small, "model.depths=[1, 1]", model.baseWidth=4]}
        - {name: cvt, config: teacher.yaml, set: [model.name=cvt, "model.widths=[8, 16]", "model.heads=[1, 1]", "model.depths=[1, 1]", "model.embedKernels=[3, 3]", "model.embedStrides=[1, 2]"]}
    order: bgs
    cost: {images: 200}
    stage:
      epochs: 1
      losses: [{kind: kd, warmupEpochs: 0.5}, {kind: pkd}, {kind: mgd}]
    """

private let teacher = """
    data: {path: digits, imageSize: [8, 8], flip: 0, cacheMegabytes: 8}
    optimizer: {learningRate: 4e-3}
    schedule: {warmupEpochs: 0}
    training: {epochs: 1, batchSize: 128, threads: 1, slices: 4}
    """

extension Runs {
    /// A distillation that several processes share, here threads of one.
    @Suite struct DistillingRanks {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            try Data(teacher.utf8).write(to: URL(fileURLWithPath: folder.path + "/teacher.yaml"))
            try Data(chain.utf8).write(to: URL(fileURLWithPath: folder.path + "/chain.yaml"))
        }

        private func path(_ name: String) -> String { folder.path + "/" + name }

        private func distill(
            _ name: String, ranks: Int, mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil
        ) throws {
            let (path, file) = (path(name), folder.path + "/chain.yaml")
            let results = LocalNetwork.run(ranks) { group in
                try ProcessGroup.$current.withValue(group) {
                    let configuration = try DistillationRecipe.load(file, overrides: [], with: group)
                    let run = try DistillationRun(
                        configuration, try #require(configuration.recipe.task as? ClassificationConfiguration),
                        output: path, console: Messages().console)
                    run.options.beforeUpdate = { if $0 == update { throw Crash() } }
                    let directory = group.isRoot ? try RunDirectory(path, mode: mode) : nil
                    try run.prepare()
                    let order = try run.order(in: directory, resuming: mode == .resume)
                    _ = try run.run(.progressive, order, in: directory, resuming: mode == .resume)
                }
            }
            for result in results { try result.get() }
        }

        private func bytes(_ name: String, _ file: String) -> Data? {
            FileManager.default.contents(atPath: path(name) + "/" + file)
        }

        @Test func anyNumberOfRanksTeachesTheSameBytes() throws {
            try distill("one", ranks: 1)
            try distill("two", ranks: 2)
            #expect(throws: Crash.self) { try distill("cut", ranks: 4, crashBefore: 6) }
            try distill("cut", ranks: 2, mode: .resume)
            let files = [
                "weights/last", "weights/best", "weights/stage-1", "pool/resnet/weights/best", "student/weights/best",
            ]
            for file in files.map({ $0 + ".safetensors" }) {
                let expected = bytes("one", file)
                #expect(expected != nil, "\(file) is missing")
                #expect(bytes("two", file) == expected && bytes("cut", file) == expected, "\(file) differs")
            }
        }
    }
}
