import Layers
import Optim
import Tensors
import TestSupport
import Testing

/// Lion, LAMB, Muon, schedule-free AdamW and the climbs of SAM against Scripts/fixtures/optimizers.py.
@Suite struct OptimizerFamilyTests {
    /// Two matrices, which are decayed, and a bias.
    private static let list: ParameterList = {
        let scope = Scope()
        for (name, shape, role) in [("tall", [6, 4], .weight), ("wide", [3, 8], .weight), ("vector", [5], .bias)]
            as [(String, [Int], ParameterRole)]
        {
            _ = scope.parameter(name, Shape(shape), role: role, initializer: .constant(0))
        }
        return scope.list
    }()
    private let reference: ReferenceRun
    private var list: ParameterList { Self.list }
    private let groups = ParameterGroups(OptimizerFamilyTests.list, weightDecay: 0.1)

    init() throws { reference = try ReferenceRun("optimizers") }

    private func fill<S: Scalar>(_ storage: Storage<S>, _ name: (String) -> String) throws {
        storage.pointer.initialize(repeating: 0, count: storage.count)
        for entry in list.entries {
            for (k, value) in zip(entry.range, try reference.values(name(entry.name))) { storage.pointer[k] = S(value) }
        }
    }

    private func deviation<S: Scalar>(_ storage: Storage<S>, _ name: (String) -> String) throws -> Double {
        try list.entries.map { entry in
            let expected = try reference.values(name(entry.name))
            let errors = zip(entry.range, expected).map { abs(Double(storage.pointer[$0]) - $1) }
            return (errors.max() ?? 1) / (expected.map(abs).max() ?? 1)
        }.max() ?? 1
    }

    /// The largest error of eight clipped updates, and of what is measured after each, relative to the largest element.
    private func deviation<S: Scalar>(_ label: String, _ optimizer: any Optimizer<S>) throws -> Double {
        let parameters = Storage<S>(count: list.flatCount)
        let gradients = Storage<S>(count: list.flatCount)
        try fill(parameters) { "\($0).0" }
        var worst = 0.0
        for (update, rate) in try reference.values("rates").enumerated() {
            try fill(gradients) { "grad.\($0).\(update)" }
            let norm = GradientClipping.norm(gradients, ranges: groups.trainableRanges)
            optimizer.update(
                parameters: parameters, gradients: gradients, learningRate: rate,
                gradientScale: GradientClipping.factor(norm: norm, limit: 2))
            worst = max(worst, try deviation(parameters) { "\(label).\($0).\(update + 1)" })
            if let measured = optimizer.evaluated(parameters) {
                worst = max(worst, try deviation(measured) { "\(label).x.\($0).\(update + 1)" })
            }
        }
        return worst
    }

    private func optimizers<S: Scalar>(_ type: S.Type) -> [(label: String, optimizer: any Optimizer<S>)] {
        var original = MuonOptions()
        (original.momentum, original.nesterov, original.scale) = (0.9, false, .original)
        (original.iterations, original.adamRate) = (4, 0.5)
        return [
            ("lion", Lion<S>(groups: groups)), ("lamb", Lamb<S>(groups: groups)), ("muon", Muon<S>(groups: groups)),
            ("muonOriginal", Muon<S>(groups: groups, options: original)),
            ("scheduleFree", ScheduleFreeAdamW<S>(groups: groups)),
        ]
    }

    @Test func updatesInDoubleFollowTheReference() throws {
        for (label, optimizer) in optimizers(Double.self) {
            let error = try deviation(label, optimizer)
            #expect(error < 1e-12, "\(label): largest relative error \(error)")
        }
    }

    @Test func updatesInFloatFollowTheReferenceWithinAFewUnits() throws {
        for (label, optimizer) in optimizers(Float.self) {
            let error = try deviation(label, optimizer)
            #expect(error < 1e-6, "\(label): largest relative error \(error)")
        }
    }

    @Test func scheduleFreeMeasuresWhereItStandsBeforeTheFirstUpdate() throws {
        let parameters = Storage<Double>(count: list.flatCount)
        try fill(parameters) { "\($0).0" }
        let measured = try #require(ScheduleFreeAdamW<Double>(groups: groups).evaluated(parameters))
        #expect(measured.array == parameters.array)
        #expect(AdamW<Double>(groups: groups).evaluated(parameters) == nil)
    }

    @Test func scheduleFreeComesToTheMinimumWithAConstantRate() {
        let scope = Scope()
        _ = scope.parameter("x", [8], role: .bias, initializer: .constant(1))
        let optimizer = ScheduleFreeAdamW<Double>(groups: ParameterGroups(scope.list, weightDecay: 0))
        let store = ParameterStore<Double>(scope.list, seed: 0)
        let gradients = Storage<Double>(count: scope.list.flatCount)
        gradients.pointer.initialize(repeating: 0, count: gradients.count)
        for update in 0..<4000 {
            for i in 0..<8 { gradients.pointer[i] = Double(1 + i) * (store.flat.pointer[i] - Double(i)) }
            // From a rate of 0, where a step weighs nothing.
            optimizer.update(
                parameters: store.flat, gradients: gradients, learningRate: min(0.05, Double(update) * 0.01))
        }
        let found = optimizer.evaluated(store.flat)?.array ?? []
        let distance = (0..<8).map { abs(found[$0] - Double($0)) }.max() ?? 1
        #expect(distance < 0.02, "\(distance)")
    }

    @Test func scheduleFreeRefusesAStateWithoutItsNumbers() {
        let optimizer = ScheduleFreeAdamW<Float>(groups: groups)
        let zeros = [Float](repeating: 0, count: list.flatCount)
        let arrays = ["gap": zeros, "secondMoment": zeros]
        let incomplete: [[String: Double]] = [
            [:], ["weightSum": 1, "largestRate": -1], ["weightSum": 1, "largestRate": 1, "other": 1],
        ]
        for numbers in incomplete {
            #expect(throws: OptimizerStateError.self) {
                try optimizer.restore(stepCount: 1, arrays: arrays, numbers: numbers)
            }
        }
        #expect(throws: OptimizerStateError.self) {
            try Lion<Float>(groups: groups).restore(
                stepCount: 1, arrays: ["momentum": zeros], numbers: ["weightSum": 1])
        }
        #expect(optimizer.stepCount == 0)
    }

    @Test func climbsFollowTheReferenceAndGiveBackWhatWas() throws {
        for (label, ascent) in [
            ("sam", SharpnessAscent(radius: 0.05)), ("asam", SharpnessAscent(radius: 0.5, isAdaptive: true)),
        ] {
            func check<S: Scalar>(_ type: S.Type, _ limit: Double) throws {
                let (parameters, gradients) = (Storage<S>(count: list.flatCount), Storage<S>(count: list.flatCount))
                try fill(parameters) { "\($0).0" }
                try fill(gradients) { "grad.\($0).0" }
                let start = parameters.bytes
                let before = ascent.climb(groups, parameters: parameters, gradients: gradients)
                #expect(before.bytes == start)
                let error = try deviation(parameters) { "\(label).\($0)" }
                #expect(error < limit, "\(label) in \(S.scalarName): \(error)")
            }
            try check(Double.self, 1e-14)
            try check(Float.self, 3e-7)
        }
    }

    @Test func climbsLeaveFrozenParametersAndDoNotDependOnThreads() {
        let list = sampleList()
        let trainable = list.entries.map { $0.name != "second.weight" }
        let groups = ParameterGroups(list, weightDecay: 0, isTrainable: trainable)
        for isAdaptive in [false, true] {
            let store = ParameterStore<Float>(list, seed: 1)
            let before = SharpnessAscent(radius: 1, isAdaptive: isAdaptive).climb(
                groups, parameters: store.flat, gradients: sampleGradients(list, 0))
            for (entry, trainable) in zip(list.entries, trainable) {
                let changed = entry.range.count { store.flat.pointer[$0] != before.pointer[$0] }
                #expect((changed > 0) == trainable, "\(entry.name)")
            }
            let violations = ThreadIndependence.violations {
                let store = ParameterStore<Float>(list, seed: 1)
                _ = SharpnessAscent(radius: 1, isAdaptive: isAdaptive).climb(
                    ParameterGroups(list, weightDecay: 0), parameters: store.flat, gradients: sampleGradients(list, 0))
                return store.flat.bytes
            }
            #expect(violations == [])
        }
    }
}
