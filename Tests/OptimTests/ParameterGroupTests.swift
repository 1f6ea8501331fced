import Layers
import Optim
import Tensors
import Testing

@Suite struct ParameterGroupTests {
    @Test func vectorsAreNotDecayedAndNeighboursMerge() {
        let list = sampleList()
        let entries = list.entries
        let groups = ParameterGroups(list, weightDecay: 0.05).groups
        #expect(groups.map(\.weightDecay) == [0.05, 0, 0.05, 0])
        #expect(
            groups.map(\.range) == [
                entries[0].range, entries[1].range.lowerBound..<entries[2].range.upperBound,
                entries[3].range.lowerBound..<entries[4].range.upperBound, entries[5].range,
            ])
    }

    @Test func frozenParametersAreInNoGroup() {
        let list = sampleList()
        let entries = list.entries
        let groups = ParameterGroups(list, weightDecay: 0.05, isTrainable: [true, false, true, true, false, true])
        #expect(groups.groups.map(\.range) == [0, 2, 3, 5].map { entries[$0].range })
        #expect(
            groups.trainableRanges == [
                entries[0].range, entries[2].range.lowerBound..<entries[3].range.upperBound, entries[5].range,
            ])
        #expect(ParameterGroups(list, weightDecay: 0, isTrainable: entries.map { _ in false }).groups.isEmpty)
    }

    @Test func piecesCoverEachGroupOnce() {
        let list = sampleList()
        let groups = ParameterGroups(list, weightDecay: 0.05)
        let visits = Storage<Double>(count: list.flatCount)
        visits.pointer.initialize(repeating: 0, count: list.flatCount)
        groups.forEachPiece { group, range in for k in range { visits.pointer[k] += Double(group + 1) } }
        for (index, group) in groups.groups.enumerated() {
            #expect(group.range.allSatisfy { visits.pointer[$0] == Double(index + 1) }, "group \(index)")
        }
    }

    @Test func multiplierScalesTheStepOfItsParameter() {
        let list = sampleList()
        let groups = ParameterGroups(list, weightDecay: 0, learningRateMultipliers: ["first.bias": 0.5])
        let store = ParameterStore<Double>(list, seed: 1)
        let before = store.copy()
        let gradients: Storage<Double> = sampleGradients(list, 3)
        SGD<Double>(groups: groups, momentum: 0).update(
            parameters: store.flat, gradients: gradients, learningRate: 0.1)
        for entry in list.entries {
            let rate = entry.name == "first.bias" ? 0.05 : 0.1
            let error = entry.range.map {
                abs(before.flat.pointer[$0] - rate * gradients.pointer[$0] - store.flat.pointer[$0])
            }
            #expect((error.max() ?? 1) < 1e-14, "\(entry.name)")
        }
    }

    @Test func normCoversTheTrainableRangesOnly() {
        let list = sampleList()
        let gradients: Storage<Float> = sampleGradients(list, 1)
        let trainable = list.entries.map { $0.name != "first.weight" }
        let groups = ParameterGroups(list, weightDecay: 0.05, isTrainable: trainable)
        var sum = 0.0
        for (entry, trainable) in zip(list.entries, trainable) where trainable {
            for k in entry.range { sum += Double(gradients.pointer[k]) * Double(gradients.pointer[k]) }
        }
        let norm = GradientClipping.norm(gradients, ranges: groups.trainableRanges)
        #expect(abs(norm / sum.squareRoot() - 1) < 1e-12)
        #expect(GradientClipping.norm(gradients, ranges: []) == 0)
        gradients.pointer[list.entries[3].offset] = .nan
        #expect(!GradientClipping.norm(gradients, ranges: groups.trainableRanges).isFinite)
    }

    @Test func clipFactorIsPyTorchs() {
        #expect(GradientClipping.factor(norm: 10, limit: 5) == 5 / (10 + 1e-6))
        #expect(GradientClipping.factor(norm: 4, limit: 5) == 1)
        #expect(GradientClipping.factor(norm: 0, limit: 5) == 1)
        #expect(GradientClipping.factor(norm: 100, limit: 0) == 1, "a limit of 0 turns clipping off")
    }
}
