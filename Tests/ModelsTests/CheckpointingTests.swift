import Autograd
import Layers
import Models
import Tensors
import Testing

@Suite(.serialized) struct CheckpointingTests {
    private struct Step {
        var loss: Float
        var gradients: [Float]
        var buffers: [[Float]]
        var operations: Set<String>
    }

    private func step(_ name: String, checkpointing: Bool, part: Range<Int> = 0..<6) throws -> Step {
        var specification = try #require(ModelSpecification.variant(name))
        if var hornet = specification.backbone as? HorNetSpecification {
            hornet.dropPath = 0.4
            specification = ModelSpecification(hornet)
        }
        let model = try specification.makeModel(height: 32, width: 32)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        store.redraw(seed: 2)
        // One frozen parameter, so that not everything is tracked.
        store.isTrainable[3] = false
        var random = Random(seed: 1, purpose: "images")
        let images = Tensor<Float>.normal([6, 32, 32, specification.inputChannels], from: &random)
        let gradients = Storage<Float>(count: store.list.flatCount)
        let tape = Tape<Float>()
        let context = Context(
            store, mode: .training, tape: tape, random: RandomKey(seed: 5, purpose: "step"), gradients: gradients,
            checkpointing: checkpointing)
        let loss = model(Variable(images), context).logits.crossEntropy(labels: [0, 1, 2, 3, 4, 5], smoothing: 0.1)
        let operations = Set(tape.operations.map(\.name))
        tape.backward(from: loss)
        let missing = context.collectGradients(into: gradients)
        #expect(missing.isEmpty, "\(missing)")
        store.apply(context.updates)
        return Step(
            loss: loss.value.item, gradients: (0..<gradients.count).map { gradients.pointer[$0] },
            buffers: store.buffers.map(\.array), operations: operations)
    }

    @Test(arguments: ["hornet_pico_7x7", "hornet_pico_gf", "convnext_nano32", "resnet20", "cvt_nano32"])
    func lossGradientsAndStatisticsAreTheSameBitForBit(_ name: String) throws {
        let plain = try step(name, checkpointing: false)
        let checkpointed = try step(name, checkpointing: true)
        #expect(checkpointed.operations.contains("checkpoint"))
        #expect(!plain.operations.contains("checkpoint"))
        #expect(plain.loss == checkpointed.loss)
        // Counted first, or a failure would print every number.
        let differences = zip(plain.gradients, checkpointed.gradients).count { $0 != $1 }
        #expect(differences == 0, "that many of \(plain.gradients.count) gradients differ")
        let zeros = plain.gradients.count { $0 == 0 }
        #expect(zeros < plain.gradients.count)
        let haveSameStatistics = plain.buffers == checkpointed.buffers
        #expect(haveSameStatistics, "running statistics must be updated once")
    }

    /// All tests share one storage pool, so it is measured in a process of its own.
    @Test func aCheckpointedStepNeedsLessMemory() async {
        await #expect(processExitsWith: .success) {
            let specification = ResNetSpecification(baseWidth: 16, depths: [6, 6, 6], stem: .small, classes: 10)
            let model = try ModelSpecification(specification).makeModel(height: 32, width: 32)
            let store = ParameterStore<Float>(model.parameters, seed: 1)
            let images = Tensor<Float>([16, 32, 32, 3], repeating: 0.5)
            func peak(_ checkpointing: Bool) -> Int {
                let before = StoragePool.shared.statistics.bytesInUse
                StoragePool.shared.resetPeak()
                let tape = Tape<Float>()
                let context = Context(store, mode: .training, tape: tape, checkpointing: checkpointing)
                let loss = model(Variable(images), context).logits.crossEntropy(labels: (0..<16).map { $0 % 10 })
                tape.backward(from: loss)
                return StoragePool.shared.statistics.peakBytesInUse - before
            }
            let (plain, checkpointed) = (peak(false), peak(true))
            // Norms, sums and the relu between them are made again in any case.
            #expect(checkpointed * 4 < plain * 3, "\(checkpointed) of \(plain) bytes")
        }
    }

    @Test func aTapeThatIsNotWalkedIsReleased() throws {
        let model = try #require(ModelSpecification.variant("hornet_pico_7x7")).makeModel(height: 32, width: 32)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        weak var released: Tape<Float>?
        do {
            let tape = Tape<Float>()
            released = tape
            let context = Context(store, mode: .training, tape: tape, checkpointing: true)
            let images = Tensor<Float>([2, 32, 32, 3], repeating: 0.5)
            _ = model(Variable(images), context).logits
        }
        #expect(released == nil)
    }
}
