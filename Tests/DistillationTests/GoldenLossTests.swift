import Autograd
import Distillation
import Layers
import Tensors
import Testing

/// Numbers of an independent implementation: Scripts/fixtures/literals.py computes them.
@Suite struct GoldenLossTests {
    private let student = Tensor<Double>([2, 3], [1, 2, 0.5, 0, -1, 1.5])
    private let teacher = Tensor<Double>([2, 3], [2, 1, 0, -1, 0.5, 3])
    private let labels: [Int32] = [0, 2]
    /// N = 1, C = 2, 2x2, channels last.
    private let studentMap = Tensor<Double>([1, 2, 2, 2], [1, 0, -2, 1, 0.5, 1, 0, 2])
    private let teacherMap = Tensor<Double>([1, 2, 2, 2], [0.5, 1, -1, 1, 1, 0, 0, 3])

    private func logits(_ loss: any DistillationLoss) -> Double {
        loss(student: Variable(student), teacher: teacher, emptyContext(labels: labels)).value.item
    }

    private func maps(_ loss: any DistillationLoss) -> Double {
        loss(student: Variable(studentMap), teacher: teacherMap, emptyContext()).value.item
    }

    @Test func crossEntropy() {
        #expect(isClose(Variable(student).crossEntropy(labels: labels).value.item, 0.8653683420))
    }

    @Test func hinton() {
        #expect(isClose(logits(HintonLoss(temperature: 1)), 0.2806711458))
        #expect(isClose(logits(HintonLoss()), 0.4722508198))
        let tape = Tape<Double>()
        let leaf = tape.leaf(student)
        tape.backward(from: HintonLoss()(student: leaf, teacher: teacher, emptyContext()))
        let expected = [-0.2068501650, 0.1580087176, 0.0488414474, 0.2318665012, -0.0808391277, -0.1510273735]
        for (found, wanted) in zip(tape.gradient(of: leaf)?.array ?? [], expected) { #expect(isClose(found, wanted)) }
    }

    @Test func decoupled() {
        let parts = DecoupledLoss().parts(student: Variable(student), teacher: teacher, labels: labels)
        #expect(isClose(parts.target.value.item, 0.2802563428))
        #expect(isClose(parts.others.value.item, 0.4011564988))
        #expect(isClose(logits(DecoupledLoss()), 3.4895083339))
    }

    @Test func relation() {
        let parts = RelationLoss().parts(student: Variable(student), teacher: teacher)
        #expect(isClose(parts.withinImages.value.item, 0.5523572768))
        // Over two images every correlation is 1 or -1.
        let multiple = parts.overBatch.value.item * 3
        #expect(isClose(multiple, multiple.rounded(), 1e-5))
        #expect(isClose(logits(RelationLoss()), parts.withinImages.value.item + parts.overBatch.value.item))
    }

    @Test func featureMimic() {
        #expect(isClose(maps(FeatureMimicLoss()), 0.5625))
    }

    @Test func attentionTransfer() {
        #expect(isClose(maps(AttentionTransferLoss()), 0.1073584379))
    }

    @Test func channelWise() {
        #expect(isClose(maps(ChannelWiseLoss()), 0.1433245059))
        #expect(isClose(maps(ChannelWiseLoss(temperature: 4)), 0.2287801838))
    }

    @Test func pearson() {
        #expect(isClose(maps(PearsonLoss()), 0.1657461239))
    }

    @Test func focal() {
        let attention = FocalAttention(Variable(teacherMap))
        let spatial = [0.5170001942, 0.8523892172, 0.3135764689, 2.3170341198]
        for (found, wanted) in zip(attention.spatial.value.array, spatial) { #expect(isClose(found, wanted)) }
        let channel = [0.4454002777, 1.5545997223]
        for (found, wanted) in zip(attention.channel.value.array, channel) { #expect(isClose(found, wanted)) }
        #expect(isClose(maps(FocalFeatureLoss(mask: [1, 0, 0, 0])), 0.8612963659))
        #expect(isClose(maps(FocalFeatureLoss(mask: [0, 1.0 / 3, 1.0 / 3, 1.0 / 3])), 1.5013725488))
        #expect(isClose(maps(FocalAttentionLoss()), 4.1966306971))
    }
}
