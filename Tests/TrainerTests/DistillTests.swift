import Foundation
import Testing

/// Two tiny teachers of two families; the student trains by this file itself.
private let chain = """
    data: {path: digits, imageSize: [8, 8], flip: 0, rotation: 10}
    model:
      name: hornet
      baseWidth: 4
      depths: [1, 1]
      orders: [1, 1]
      mixers: [7x7, 7x7]
      stemStride: 1
      layerScale: 0.1
    optimizer: {learningRate: 4e-3}
    schedule: {warmupEpochs: 0}
    training: {epochs: 1, batchSize: 64}
    pool:
      teachers:
        - {name: hornet, config: small.yaml}
        - name: resnet
          config: plain.yaml
          set: [model.name=resnet, model.stem=small, "model.depths=[1, 1]", model.baseWidth=8]
    stage: {epochs: 1}
    """

private let teacher = """
    data: {path: digits, imageSize: [8, 8], flip: 0}
    model: {name: hornet, baseWidth: 8, depths: [1, 1], orders: [1, 1], mixers: [7x7, 7x7], stemStride: 1, layerScale: 0.1}
    optimizer: {learningRate: 4e-3}
    schedule: {warmupEpochs: 0}
    training: {epochs: 2, batchSize: 64}
    """

extension Program {
    @Suite struct Distill {
        private let workplace: Workplace

        init() throws {
            workplace = try Workplace()
            try workplace.write("chain.yaml", chain)
            try workplace.write("small.yaml", teacher)
            // Another family knows other keys, so its recipe names no model.
            let plain = teacher.split(separator: "\n").filter { !$0.hasPrefix("model:") }.joined(separator: "\n")
            try workplace.write("plain.yaml", plain)
        }

        @Test func oneCommandTrainsThePoolFindsTheOrderAndRunsTheChain() throws {
            let planned = try workplace.run("distill chain.yaml --dry-run")
            #expect(planned.code == 0, "\(planned.errors)")
            #expect(planned.output.contains("to be trained in Runs/distill-chain/pool/resnet"))
            #expect(planned.output.contains("1x1 convolution 4 -> 8"))
            #expect(!workplace.exists("Runs"))

            try workplace.fail("order chain.yaml", "run `trainer distill` first")
            let outcome = try workplace.run("distill chain.yaml")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output.contains(" last: validation score "))
            // Trainings are counted, and the pairing of taps is for the dry run.
            #expect(outcome.output.contains("[1/5 student] training it first"), "\(outcome.output)")
            #expect(outcome.output.contains("[4/5 stage 1]") && outcome.output.contains("time with the pool"))
            #expect(!outcome.output.contains("           kd") && outcome.output.contains(" ± "))
            #expect(outcome.output.contains("predict Runs/distill-chain IMAGE..."))
            let stages = try JSONSerialization.jsonObject(with: workplace.data("Runs/distill-chain/stages.json"))
            let keys = try #require((stages as? [[String: Any]])?.first).keys
            for key in ["teacher", "epochs", "testAccuracyBefore", "testAccuracyAfter", "seconds"] {
                #expect(keys.contains(key), "\(key)")
            }
            let order = try workplace.json("Runs/distill-chain/order.json")
            #expect(order["order"] is [String] && order["costs"] is [Any] && order["decisions"] is [Any])
            let measured = try workplace.run(
                "evaluate Runs/distill-chain/weights/stage-1.safetensors --data small.yaml")
            #expect(measured.code == 0, "\(measured.errors)")

            let costs = try workplace.run("order chain.yaml")
            #expect(costs.code == 0 && costs.output.contains("columns: "), "\(costs.errors)")
            let again = try workplace.run("distill chain.yaml --resume")
            #expect(again.code == 0 && again.output.contains("nothing is left to do"), "\(again.errors)")
            #expect(again.output.contains("test accuracy (last epoch)") && !again.output.contains("{"))
            let sister = try workplace.run("distill chain.yaml --arm direct --output Runs/direct --dry-run")
            #expect(
                sister.errors.contains(
                    "--set pool.directory=Runs/distill-chain/pool --set student.weights=Runs/distill-chain/student"))
            #expect(try workplace.run("evaluate Runs/distill-chain --part validation").code == 0)
            try workplace.fail("distill chain.yaml", "already holds a run")
            try workplace.fail(
                "distill chain.yaml --resume --set stage.epochs=2", "stage.epochs: 1.0 -> 2.0")
            try workplace.fail(
                "distill chain.yaml --resume --dry-run --set stage.epochs=2", "stage.epochs: 1.0 -> 2.0")

            let flat = try workplace.run(
                "flatness Runs/distill-chain/weights/last.safetensors --data small.yaml --directions 2 --points 5")
            #expect(flat.code == 0 && flat.output.contains("rise at 0.25"), "\(flat.errors)")
        }

        @Test func aComparisonEndsInATableOfAllArms() throws {
            let outcome = try workplace.run("train chain.yaml --output chain")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let compared = try workplace.run(
                "distill chain.yaml --compare --seeds 2 --output compared --set pool.directory=chain/pool")
            #expect(compared.code == 0, "\(compared.errors)")
            for arm in ["none", "direct", "ensemble", "progressive", "adaptive"] {
                #expect(compared.output.contains("\n\(arm) "), "\(arm)")
                #expect(workplace.exists("compared/compare/seed-1/\(arm)/summary.json"))
            }
            #expect((try workplace.json("compared/comparison.json")["runs"] as? [Any])?.count == 10)
        }

        @Test func oneTeacherNeedsNoConfigurationOfItsOwn() throws {
            #expect(try workplace.run("train small.yaml --output large").code == 0)
            let outcome = try workplace.run("train small.yaml --teacher large/weights/best.safetensors --output taught")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(try workplace.json("taught/summary.json")["arm"] as? String == "progressive")
            #expect(try workplace.text("taught/metrics.jsonl").contains("weightedLoss.kd"))
            try workplace.fail(
                "train small.yaml --teacher none.safetensors --output other",
                "the weights of teacher cannot be used: none.safetensors")
            try workplace.fail("train chain.yaml --teacher large/weights/best.safetensors", "has a pool of teachers")
        }
    }
}
