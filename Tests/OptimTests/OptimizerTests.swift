import Layers
import Optim
import Tensors
import TestSupport
import Testing

@Suite struct OptimizerTests {
    /// The largest error of 20 updates against the reference, relative to the largest parameter.
    private func adamWError<S: Scalar>(_ type: S.Type) throws -> Double {
        let run = try ReferenceRun()
        let scope = Scope()
        _ = scope.parameter("decay", [4, 3], role: .weight, initializer: .constant(0))
        _ = scope.parameter("nodecay", [4], role: .bias, initializer: .constant(0))
        let list = scope.list
        let store = ParameterStore<S>(list, seed: 0)
        let gradients = Storage<S>(count: list.flatCount)
        gradients.pointer.initialize(repeating: 0, count: list.flatCount)
        func fill(_ storage: Storage<S>, _ prefix: String, _ index: Int) throws {
            for entry in list.entries {
                for (k, value) in zip(entry.range, try run.values("\(prefix)\(entry.name).\(index)")) {
                    storage.pointer[k] = S(value)
                }
            }
        }
        try fill(store.flat, "", 0)
        let optimizer = AdamW<S>(groups: ParameterGroups(list, weightDecay: 0.05))
        let schedule = Schedule(.cosine, base: 4e-3, minimum: 1e-6, warmupUpdates: 5, totalUpdates: 20)
        var worst = 0.0
        for update in 0..<20 {
            try fill(gradients, "grad.", update)
            optimizer.update(
                parameters: store.flat, gradients: gradients, learningRate: schedule.learningRate(at: update))
            for entry in list.entries {
                let expected = try run.values("\(entry.name).\(update + 1)")
                let scale = expected.map(abs).max() ?? 1
                for (k, value) in zip(entry.range, expected) {
                    worst = max(worst, abs(Double(store.flat.pointer[k]) - value) / scale)
                }
            }
        }
        return worst
    }

    @Test func adamWInDoubleFollowsTheReference() throws {
        let error = try adamWError(Double.self)
        #expect(error < 1e-12, "largest relative error \(error)")
    }

    @Test func adamWInFloatFollowsTheReferenceWithinAFewUnits() throws {
        let error = try adamWError(Float.self)
        #expect(error < 4 * 1.2e-7, "largest relative error \(error)")
    }

    @Test func sgdMatchesTheRecursionWrittenOut() {
        let scope = Scope()
        _ = scope.parameter("w", [1, 1], role: .weight, initializer: .constant(2))
        for nesterov in [false, true] {
            let store = ParameterStore<Double>(scope.list, seed: 0)
            let optimizer = SGD<Double>(
                groups: ParameterGroups(scope.list, weightDecay: 0.5), momentum: 0.9, nesterov: nesterov)
            let gradients = Storage<Double>(count: scope.list.flatCount)
            gradients.pointer.initialize(repeating: 0, count: gradients.count)
            gradients.pointer[0] = 3
            for _ in 0..<2 {
                optimizer.update(parameters: store.flat, gradients: gradients, learningRate: 0.1, gradientScale: 2)
            }
            // d1 = 2 * 3 + 0.5 * 2 = 7, b1 = 7.
            let first = 2 - 0.1 * (nesterov ? 7 + 0.9 * 7 : 7)
            let direction = 6 + 0.5 * first
            let buffer = 0.9 * 7 + direction
            let second = first - 0.1 * (nesterov ? direction + 0.9 * buffer : buffer)
            #expect(abs(store.flat.pointer[0] - second) < 1e-14, "nesterov \(nesterov)")
        }
    }

    private func optimizers<S: Scalar>(_ groups: ParameterGroups, _ type: S.Type) -> [any Optimizer<S>] {
        [
            AdamW<S>(groups: groups), SGD<S>(groups: groups, momentum: 0), SGD<S>(groups: groups),
            SGD<S>(groups: groups, nesterov: true), Lion<S>(groups: groups), Lamb<S>(groups: groups),
            Muon<S>(groups: groups), ScheduleFreeAdamW<S>(groups: groups),
        ]
    }

    @Test func floatKernelsAgreeWithTheDoubleReference() {
        let list = sampleList()
        let groups = ParameterGroups(list, weightDecay: 0.05)
        for (fast, reference) in zip(optimizers(groups, Float.self), optimizers(groups, Double.self)) {
            let store = ParameterStore<Float>(list, seed: 1)
            let exact = ParameterStore<Double>(converting: store)
            for update in 0..<5 {
                let gradients = sampleGradients(list, UInt64(update), Float.self)
                let wide = Storage<Double>(count: gradients.count)
                for i in 0..<gradients.count { wide.pointer[i] = Double(gradients.pointer[i]) }
                fast.update(parameters: store.flat, gradients: gradients, learningRate: 0.01, gradientScale: 0.5)
                reference.update(parameters: exact.flat, gradients: wide, learningRate: 0.01, gradientScale: 0.5)
            }
            let error = zip(store.flat.array, exact.flat.array).map { abs(Double($0) - $1) }.max() ?? 1
            // Five updates of numbers up to 5, each rounded to half a unit of 2^-21 or so.
            #expect(error < 3e-6, "\(Swift.type(of: fast)): largest error \(error)")
        }
    }

    @Test func paddingAndFrozenParametersStay() {
        let list = sampleList()
        let trainable = list.entries.map { $0.name != "second.weight" && $0.name != "first.weight" }
        for optimizer in optimizers(ParameterGroups(list, weightDecay: 0.5, isTrainable: trainable), Float.self) {
            let store = ParameterStore<Float>(list, seed: 1)
            let before = store.flat.array
            for update in 0..<3 {
                optimizer.update(
                    parameters: store.flat, gradients: sampleGradients(list, UInt64(update)), learningRate: 0.1)
            }
            var isPadding = [Bool](repeating: true, count: list.flatCount)
            for (entry, trainable) in zip(list.entries, trainable) {
                for k in entry.range { isPadding[k] = false }
                let changed = entry.range.count { store.flat.pointer[$0] != before[$0] }
                #expect(changed == (trainable ? entry.range.count : 0), "elements of \(entry.name) that changed")
            }
            #expect(isPadding.indices.allSatisfy { !isPadding[$0] || store.flat.pointer[$0] == 0 }, "padding")
        }
    }

    /// Who asks a model between updates gets answers of the new weights.
    @Test func anUpdateDropsPackedWeights() {
        let list = sampleList(buffers: true)
        var random = Random(seed: 3, purpose: "input")
        let x = Tensor<Float>.normal([9, 500], from: &random)
        func answer(_ store: ParameterStore<Float>) -> [UInt32] { x.linear(store.tensor(3), nil).bits }
        for optimizer in optimizers(ParameterGroups(list, weightDecay: 0.05), Float.self) {
            let store = ParameterStore<Float>(list, seed: 1)
            let average = ExponentialMovingAverage(store, decay: 0.9, warmup: false)
            let (packed, packedAverage) = (PackedWeights(store.flat), PackedWeights(average.store.flat))
            for update in 0..<3 {
                #expect(packed.whileAsking { answer(store) } == answer(store))
                #expect(packedAverage.whileAsking { answer(average.store) } == answer(average.store))
                optimizer.update(
                    parameters: store.flat, gradients: sampleGradients(list, UInt64(update)), learningRate: 0.1)
                average.update(from: store)
            }
        }
    }

    @Test func numberOfThreadsChangesNothing() {
        let list = sampleList(buffers: true)
        let groups = ParameterGroups(list, weightDecay: 0.05)
        func run(_ optimizer: any Optimizer<Float>) -> [[UInt8]] {
            let store = ParameterStore<Float>(list, seed: 1)
            let average = ExponentialMovingAverage(store, decay: 0.9, warmup: true)
            var norms: [Double] = []
            for update in 0..<4 {
                let gradients: Storage<Float> = sampleGradients(list, UInt64(update))
                norms.append(GradientClipping.norm(gradients, ranges: groups.trainableRanges))
                optimizer.update(
                    parameters: store.flat, gradients: gradients, learningRate: 0.01,
                    gradientScale: GradientClipping.factor(norm: norms[update], limit: 1))
                average.update(from: store)
            }
            return [store.flat.bytes, average.store.flat.bytes, norms.bytes]
                + optimizer.stateArrays.map(\.storage.bytes)
        }
        for (position, optimizer) in optimizers(groups, Float.self).enumerated() {
            // A new one for each run, as they carry what they have seen.
            let violations = ThreadIndependence.violations { run(optimizers(groups, Float.self)[position]) }
            #expect(violations == [], "\(Swift.type(of: optimizer))")
        }
    }

    @Test func restoredStateContinuesBitForBit() throws {
        let list = sampleList()
        let groups = ParameterGroups(list, weightDecay: 0.05)
        for (whole, rest) in zip(optimizers(groups, Float.self), optimizers(groups, Float.self)) {
            let store = ParameterStore<Float>(list, seed: 1)
            func step(_ optimizer: any Optimizer<Float>, _ store: ParameterStore<Float>, _ updates: Range<Int>) {
                for update in updates {
                    optimizer.update(
                        parameters: store.flat, gradients: sampleGradients(list, UInt64(update)), learningRate: 0.01)
                }
            }
            step(whole, store, 0..<3)
            let resumed = store.copy()
            let arrays = Dictionary(uniqueKeysWithValues: whole.stateArrays.map { ($0.name, $0.storage.array) })
            let numbers = Dictionary(uniqueKeysWithValues: whole.stateNumbers.map { ($0.name, $0.value) })
            try rest.restore(stepCount: whole.stepCount, arrays: arrays, numbers: numbers)
            step(whole, store, 3..<6)
            step(rest, resumed, 3..<6)
            #expect(store.flat.bytes == resumed.flat.bytes, "\(Swift.type(of: whole))")
            #expect(whole.stateArrays.map(\.storage.bytes) == rest.stateArrays.map(\.storage.bytes))
            #expect(rest.stepCount == 6)
        }
    }

    @Test func foreignStateIsRefusedAndChangesNothing() {
        let list = sampleList()
        let optimizer = AdamW<Float>(groups: ParameterGroups(list, weightDecay: 0.05))
        let good = [Float](repeating: 1, count: list.flatCount)
        for (arrays, message) in [
            (["firstMoment": good], "The saved state of AdamW lacks the array `secondMoment`."),
            (
                ["firstMoment": good, "secondMoment": [1]],
                "The array `secondMoment` in the saved state of AdamW has 1 numbers, expected \(list.flatCount)."
            ),
            (
                ["momentum": good],
                "The saved state of AdamW has the array `momentum`, expected `firstMoment`, `secondMoment`."
            ),
        ] {
            let error = #expect(throws: OptimizerStateError.self) {
                try optimizer.restore(stepCount: 7, arrays: arrays)
            }
            #expect(error?.description == message)
        }
        #expect(optimizer.stepCount == 0)
        #expect(optimizer.stateArrays.allSatisfy { $0.storage.array.allSatisfy { $0 == 0 } })
    }

    @Test func quadraticIsMinimized() {
        let scope = Scope()
        _ = scope.parameter("x", [8], role: .bias, initializer: .constant(1))
        let groups = ParameterGroups(scope.list, weightDecay: 0)
        // What averages is far behind where a rate falls to nothing.
        for optimizer in optimizers(groups, Double.self) where optimizer.stateNumbers.isEmpty {
            let store = ParameterStore<Double>(scope.list, seed: 0)
            let gradients = Storage<Double>(count: scope.list.flatCount)
            gradients.pointer.initialize(repeating: 0, count: gradients.count)
            let schedule = Schedule(.cosine, base: 0.05, totalUpdates: 3000)
            for update in 0..<3000 {
                // The gradient of sum (1 + i) / 2 (x_i - i)^2.
                for i in 0..<8 { gradients.pointer[i] = Double(1 + i) * (store.flat.pointer[i] - Double(i)) }
                optimizer.update(
                    parameters: store.flat, gradients: gradients, learningRate: schedule.learningRate(at: update))
            }
            let distance = (0..<8).map { abs(store.flat.pointer[$0] - Double($0)) }.max() ?? 1
            #expect(distance < 1e-3, "\(Swift.type(of: optimizer)): \(distance)")
        }
    }
}
