import Layers
import Optim
import Tensors
import TestSupport
import Testing

@Suite struct MuonTests {
    @Test func weightsAreSeenAsTheirLinearMaps() {
        let scope = Scope()
        for (name, shape, layout, role) in [
            ("linear", [6, 4], .plain, .weight), ("pointwise", [6, 4], .pointwise, .weight),
            ("convolution", [8, 3, 3, 4], .convolution, .weight), ("experts", [5, 8, 3, 3, 4], .experts, .weight),
            ("cells", [7, 3, 4], .cells, .weight), ("depthwise", [3, 3, 8], .depthwise, .weight),
            ("one input", [8, 3, 3, 1], .convolution, .weight), ("column", [8, 1], .plain, .weight),
            ("table", [9, 2], .plain, .bias), ("vector", [8], .plain, .weight),
        ] as [(String, [Int], ParameterLayout, ParameterRole)] {
            _ = scope.parameter(name, Shape(shape), layout: layout, role: role, initializer: .constant(0))
        }
        let single = MatrixStack(count: 1, rows: 6, columns: 4)
        let expected: [MatrixStack?] = [
            single, single, MatrixStack(count: 1, rows: 8, columns: 36), MatrixStack(count: 5, rows: 8, columns: 36),
            MatrixStack(count: 7, rows: 3, columns: 4), nil, nil, nil, nil, nil,
        ]
        #expect(ParameterGroups(scope.list, weightDecay: 0).parameters.map(\.matrices) == expected)
        let hidden = ParameterGroups(scope.list, weightDecay: 0, isHidden: { $0 == "cells" })
        #expect(hidden.parameters.map { $0.matrices != nil } == expected.indices.map { $0 == 4 })
    }

    private func random<S: Scalar>(_ count: Int, _ type: S.Type) -> Storage<S> {
        var random = Random(seed: 3, purpose: "matrix")
        let storage = Storage<S>(count: count)
        storage.pointer.initialize(repeating: 0, count: count)
        for k in 0..<count { storage.pointer[k] = S(random.normal()) }
        return storage
    }

    @Test(arguments: [(64, 300), (300, 64), (70, 70)])
    func singularValuesComeNearOne(rows: Int, columns: Int) {
        let exact = random(rows * columns, Double.self)
        let fast = random(rows * columns, Float.self)
        NewtonSchulz.orthogonalize(exact.pointer, rows: rows, columns: columns, iterations: 5)
        NewtonSchulz.orthogonalize(fast.pointer, rows: rows, columns: columns, iterations: 5)
        let error = zip(exact.array, fast.array).map { abs($0 - Double($1)) }.max() ?? 1
        #expect(error < 2e-5, "\(error)")
        // The sum of squares is that of the singular values; the coefficients leave each between 0.7 and 1.2, but for the
        // smallest ones of a square matrix.
        let side = Double(min(rows, columns))
        let mean = exact.array.reduce(0) { $0 + $1 * $1 } / side
        #expect(mean > 0.6 && mean < 1.3, "\(mean)")
    }

    @Test func largeMatricesDoNotDependOnThreads() {
        let scope = Scope()
        _ = scope.parameter("large", [160, 320], role: .weight, initializer: .normal(deviation: 1))
        for k in 0..<3 {
            _ = scope.parameter("small\(k)", [24, 40], role: .weight, initializer: .normal(deviation: 1))
        }
        _ = scope.parameter("experts", [4, 16, 3, 3, 8], layout: .experts, role: .weight, initializer: .constant(1))
        let list = scope.list
        let violations = ThreadIndependence.violations {
            let optimizer = Muon<Float>(groups: ParameterGroups(list, weightDecay: 0.1))
            let store = ParameterStore<Float>(list, seed: 1)
            for update in 0..<3 {
                optimizer.update(
                    parameters: store.flat, gradients: sampleGradients(list, UInt64(update)), learningRate: 0.01)
            }
            return store.flat.bytes
        }
        #expect(violations == [])
    }

    @Test func multiplierScalesMatricesToo() {
        let list = sampleList()
        func moved(_ multipliers: [String: Double]) -> [Double] {
            let store = ParameterStore<Double>(list, seed: 1)
            let before = store.flat.array
            let groups = ParameterGroups(list, weightDecay: 0, learningRateMultipliers: multipliers)
            Muon<Double>(groups: groups).update(
                parameters: store.flat, gradients: sampleGradients(list, 3), learningRate: 0.1)
            return zip(store.flat.array, before).map { $0 - $1 }
        }
        let (whole, half) = (moved([:]), moved(["second.weight": 0.5]))
        for entry in list.entries {
            let factor = entry.name == "second.weight" ? 0.5 : 1
            let error = entry.range.map { abs(factor * whole[$0] - half[$0]) }.max() ?? 1
            #expect(error < 1e-12, "\(entry.name)")
        }
    }
}
