import Autograd
import Distillation
import Layers
import Tensors
import Testing

@Suite struct StageTests {
    private let studentTaps = [tap("s1", stride: 2, channels: 4, 6), tap("s2", stride: 4, channels: 6, 3)]
    private let teacherTaps = [tap("t1", stride: 2, channels: 4, 6), tap("t2", stride: 4, channels: 8, 3)]

    private func output(_ taps: [FeatureTap], _ purpose: String) -> TeacherOutput<Double> {
        TeacherOutput(
            logits: normal([3, 5], purpose),
            features: taps.map { normal([3, $0.height, $0.width, $0.channels], purpose + $0.name) })
    }

    private let regions = LossRegions(
        boxes: [[LossBox(left: 1, top: 2, right: 7, bottom: 9)], [], []], size: Pair(12, 12))

    /// All losses at once; returns the sum, and the gradients that reached no parameter.
    private func run(
        _ losses: [LossConfiguration], epoch: Double = 0, step: Int = 0
    ) throws -> (sum: WeightedLoss<Double>, missing: [String], losses: StageLosses) {
        let scope = Scope()
        let pairing = try FeaturePairing(student: studentTaps, teacher: teacherTaps)
        let stage = StageLosses(scope, losses, pairing: pairing)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        store.redraw(seed: 2)
        let tape = Tape<Double>()
        let context = Context(
            store, mode: .training, tape: tape, random: RandomKey(seed: 3, purpose: "step", step))
        let student = output(studentTaps, "student")
        let leaves = ModelOutput(logits: tape.leaf(student.logits), features: student.features.map { tape.leaf($0) })
        let heads = [[3, 6, 6, 4], [3, 6, 6, 8]] as [Shape]
        let head = HeadAnswers(
            student: heads.map { tape.leaf(normal($0, "student's head")) },
            teacher: heads.map { normal($0, "teacher's head") }, classes: 2)
        let sum = stage(
            student: leaves, teacher: output(teacherTaps, "teacher"), epoch: epoch,
            head: StageLosses.needsHead(losses) ? head : nil,
            LossContext(layers: context, labels: [0, 4, 2], regions: regions))
        var missing: [String] = []
        if let total = sum.total {
            tape.backward(from: total)
            missing = context.collectGradients(into: Storage(count: scope.list.flatCount))
        }
        return (sum, missing, stage)
    }

    @Test func everyLossTakesPartAndTrainsItsLayers() throws {
        let (sum, missing, stage) = try run(LossKind.allCases.map { LossConfiguration($0) })
        #expect(sum.terms.map(\.name) == LossKind.allCases.map(\.name))
        #expect(missing == [])
        let expected = sum.terms.reduce(0) { $0 + $1.weighted }
        #expect(isClose(try #require(sum.total).value.item, expected, 1e-9 * abs(expected)))
        #expect(sum.terms.allSatisfy { $0.raw > 0 && $0.raw.isFinite })
        #expect(
            stage.adapters.map(\.description) == [
                "s1 [6x6x4, stride 2] -> t1 [6x6x4, stride 2]: identity",
                "s2 [3x3x6, stride 4] -> t2 [3x3x8, stride 4]: 1x1 convolution 6 -> 8",
            ])
    }

    @Test func levelsAreAveragedOrAdded() throws {
        var last = LossConfiguration(.pkd)
        last.levels = .last
        let all = try run([LossConfiguration(.pkd), last, LossConfiguration(.l2)]).sum
        #expect(all.terms.map(\.name) == ["pkd1", "pkd2", "l2"])
        let (student, teacher) = (output(studentTaps, "student"), output(teacherTaps, "teacher"))
        func mean(_ x: Tensor<Double>, _ y: Tensor<Double>) -> Double {
            FeatureMimicLoss()(student: Variable(x), teacher: y, emptyContext()).value.item
        }
        let first = PearsonLoss()(
            student: Variable(student.features[0]), teacher: teacher.features[0], emptyContext()
        ).value.item
        // The adapter of the second level is the same for all three losses.
        let difference = all.terms[0].raw - all.terms[1].raw
        #expect(isClose(difference, first, 1e-12))
        let squares = try run([LossConfiguration(.l2)]).sum.terms[0].raw
        let own = mean(student.features[0], teacher.features[0]) / 2
        #expect(squares > own)
    }

    @Test func logitLossesNeedNoPairingAndNoParameters() {
        let losses = [LossConfiguration(.kd), LossConfiguration(.dkd)]
        #expect(!StageLosses.needsPairing(losses))
        let scope = Scope()
        let stage = StageLosses(scope, losses, pairing: nil)
        #expect(scope.list.entries.isEmpty && stage.adapters.isEmpty)
        #expect(stage.description == "kd on logits, weight 1.0\ndkd on logits, weight 1.0")
    }

    @Test func attentionTransferHasNoAdapter() throws {
        let stage = try run([LossConfiguration(.at)]).losses
        #expect(stage.adapters.isEmpty)
    }

    @Test func weightsRiseAndStop() throws {
        var loss = LossConfiguration(.kd)
        loss.weight = 2
        loss.warmupEpochs = 4
        loss.stopEpoch = 8
        let weights = [0, 1, 4, 7.5, 8, 9].map { loss.weight(atEpoch: $0) }
        #expect(weights == [0, 0.5, 2, 2, 0, 0])
        #expect(try run([loss]).sum.total == nil)
        #expect(try run([loss], epoch: 1).sum.terms[0].weight == 0.5)
    }

    @Test func sumsOfTeachersAreWeighted() {
        var a = WeightedLoss<Double>()
        a.add("kd", Variable(Tensor(2)), weight: 3)
        var b = WeightedLoss<Double>()
        b.add("kd", Variable(Tensor(4)), weight: 1)
        var mean = WeightedLoss<Double>()
        mean.add("ce", Variable(Tensor(1)))
        mean.add(a, factor: 0.5)
        mean.add(b, factor: 0.5)
        #expect(mean.total?.value.item == 6)
        #expect(mean.terms.map(\.weighted) == [1, 3, 2])
        #expect(mean.terms.map(\.raw) == [1, 2, 4])
    }

    @Test func averagedTeacherHasTheMeanOfTheProbabilities() {
        let logits = [normal([2, 4], "a"), normal([2, 4], "b").scaled(by: 5)]
        let averaged = averagedTeacher(logits, temperature: 4)
        let found = averaged.scaled(by: 0.25).softmax().array
        let (a, b) = (logits[0].scaled(by: 0.25).softmax().array, logits[1].scaled(by: 0.25).softmax().array)
        for i in found.indices {
            let mean = (a[i] + b[i]) / 2
            #expect(isClose(found[i], mean, 1e-12))
        }
    }

    @Test func lossesOnHeadsNeedNoPairingAndNoParameters() throws {
        let losses = [LossConfiguration(.headKD), LossConfiguration(.boxKD)]
        #expect(!StageLosses.needsPairing(losses) && StageLosses.needsHead(losses))
        #expect(
            !StageLosses.needsHead([LossConfiguration(.fgd)]) && StageLosses.needsPairing([LossConfiguration(.fgd)]))
        let (sum, missing, stage) = try run(losses)
        #expect(stage.adapters.isEmpty && missing == [])
        #expect(stage.description == "headKD on the head, weight 1.0\nboxKD on the head, weight 1.0")
        #expect(sum.terms.map(\.name) == ["headKD", "boxKD"] && sum.terms.allSatisfy { $0.raw > 0 })
    }

    @Test func levelsOfFocalAndGlobalAreAdded() throws {
        var last = LossConfiguration(.fgd)
        last.levels = .last
        let terms = try run([LossConfiguration(.fgd), last]).sum.terms
        #expect(terms[0].raw > terms[1].raw && terms[1].raw > 0)
    }

    /// The share of zeros.
    private func share(_ mask: Tensor<Double>) -> Double {
        1 - mask.summed().item / Double(mask.elementCount)
    }

    @Test func masksFollowTheStepAndTheRatio() throws {
        let scope = Scope()
        let channel = MaskedGenerationLoss(scope["a"], channels: 64)
        let spatial = MaskedGenerationLoss(scope["b"], channels: 4, mask: .spatial)
        let key = RandomKey(seed: 1, purpose: "step")
        let mask: Tensor<Double> = channel.drawMask([50, 3, 3, 64], key)
        #expect(mask.shape == [50, 1, 1, 64])
        #expect(isClose(share(mask), 0.15, 0.02))
        #expect(Set(mask.array) == [0, 1])
        let other: Tensor<Double> = spatial.drawMask([50, 8, 8, 4], key)
        #expect(other.shape == [50, 8, 8, 1])
        #expect(isClose(share(other), 0.65, 0.02))
        // A part of a batch has the masks of the whole.
        let whole: Tensor<Double> = spatial.drawMask([4, 3, 5, 4], key)
        let part: Tensor<Double> = spatial.drawMask([3, 3, 5, 4], key, firstSample: 1)
        #expect(Array(whole.array.dropFirst(15)) == part.array)
        let loss = [LossConfiguration(.mgd)]
        let first = try run(loss, step: 0).sum.terms[0].raw
        #expect(try run(loss, step: 0).sum.terms[0].raw == first)
        #expect(try run(loss, step: 1).sum.terms[0].raw != first)
    }

    @Test func untrainedGlobalBlocksCompareTheMapsThemselves() {
        let scope = Scope()
        let loss = GlobalRelationLoss(scope, channels: 3)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        let (s, t) = (normal([2, 2, 2, 3], "s"), normal([2, 2, 2, 3], "t"))
        let found = loss(student: Variable(s), teacher: t, LossContext(layers: Context(store, mode: .training)))
        let expected = (s - t).sumOfSquares() / 2
        #expect(isClose(found.value.item, expected, 1e-12))
    }

    @Test func balanceMakesBothPartsAlike() {
        #expect(Balance.off.factor(task: [], distillation: []) == 1)
        #expect(Balance.firstSteps.factor(task: [2, 4], distillation: [10, 20]) == 0.2)
        #expect(Balance.gradientNorm.factor(task: [3], distillation: [1], ratio: 0.5) == 1.5)
        #expect(Balance.firstSteps.factor(task: [1], distillation: [0]) == nil)
        #expect(Balance.firstSteps.factor(task: [.nan], distillation: [1]) == nil)
        #expect(Balance.firstSteps.factor(task: [], distillation: []) == nil)
        #expect(Balance.norm([3, -4]) == 5)
    }
}
