import Layers
import Tensors
import TestSupport
import Testing

@Suite struct InitializationTests {
    private func values(_ initializer: Initializer, _ shape: Shape, _ layout: ParameterLayout = .plain) -> [Double] {
        let scope = Scope()
        let parameter = scope.parameter("weight", shape, layout: layout, role: .weight, initializer: initializer)
        return ParameterStore<Double>(scope.list, seed: 11)[parameter].array
    }

    private func deviation(_ x: [Double]) -> Double {
        let mean = x.reduce(0, +) / Double(x.count)
        return (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)).squareRoot()
    }

    @Test func firstValuesHaveTheDeclaredDistribution() {
        #expect(values(.constant(1e-6), [7]) == [Double](repeating: 1e-6, count: 7))

        let normal = values(.normal(deviation: 0.02), [200, 300])
        let mean: Double = normal.reduce(0, +) / 60_000
        #expect(abs(mean) < 0.0004, "five standard errors")
        #expect(abs(deviation(normal) / 0.02 - 1) < 0.02)
        #expect(Set(normal).count > 59_000)

        // [out, height, width, in]: fan-in 8 * 9, fan-out 100 * 9.
        let shape: Shape = [100, 3, 3, 8]
        let xavier = values(.xavierUniform, shape, .convolution)
        let bound = (6.0 / 972).squareRoot()
        #expect(xavier.allSatisfy { abs($0) <= bound })
        let (low, high): (Double, Double) = (xavier.min() ?? 0, xavier.max() ?? 0)
        #expect(low < -0.99 * bound && high > 0.99 * bound)
        let spread: Double = deviation(xavier) / bound * 3.squareRoot()
        #expect(abs(spread - 1) < 0.03)

        let kaiming = values(.kaimingNormalFanOut, shape, .convolution)
        let kaimingSpread: Double = deviation(kaiming) / (2.0 / 900).squareRoot()
        #expect(abs(kaimingSpread - 1) < 0.03)

        let uniform = values(.uniformFanIn, shape, .convolution)
        let limit: Double = 1 / 72.squareRoot()
        #expect(uniform.allSatisfy { abs($0) <= limit })
        #expect(uniform.contains { $0 > 0.99 * limit })

        let kept = deviation(values(.varianceFanIn, shape, .convolution)) * 72.squareRoot()
        #expect(abs(kept - 1) < 0.03)
    }

    @Test func onlySeedAndNameDecideTheValues() {
        func weights(_ names: [String], seed: UInt64) -> [String: [Float]] {
            let scope = Scope()
            for name in names { _ = Linear(scope[name], inputs: 4, outputs: 5) }
            let store = ParameterStore<Float>(scope.list, seed: seed)
            return Dictionary(uniqueKeysWithValues: store.stateDictionary().map { ($0.name, $0.values) })
        }
        let (one, two) = (weights(["a", "b"], seed: 1), weights(["c", "b", "a"], seed: 1))
        #expect(one["a.weight"] == two["a.weight"] && one["b.weight"] == two["b.weight"])
        #expect(one["a.weight"] != one["b.weight"])
        #expect(one["a.weight"] != weights(["a"], seed: 2)["a.weight"])
        #expect(one["a.bias"] == [0, 0, 0, 0, 0])
    }

    @Test func theNumberOfThreadsDoesNotMatter() throws {
        let violations = try ThreadIndependence.violations {
            let scope = Scope()
            for i in 0..<6 {
                _ = try GnConv(scope["block"][i], channels: 32, order: 4, mixer: .globalFilter(rows: 7, columns: 4))
            }
            let store = ParameterStore<Float>(scope.list, seed: 3)
            return (0..<store.list.flatCount).map { store.flat.pointer[$0].bitPattern }
        }
        #expect(violations == [])
    }

    @Test func decayIsForWeightsOfMoreThanOneAxis() throws {
        let scope = Scope()
        _ = try GnConv(scope["gnconv"], channels: 8, order: 2, mixer: .globalFilter(rows: 3, columns: 2))
        _ = scope.parameter("gamma1", [8], role: .layerScale, initializer: .constant(1e-6))
        _ = try WindowAttention(scope["attn"], channels: 8, heads: 2, window: 3)
        for entry in scope.list.entries {
            let isWeight = entry.role == .weight || entry.role == .spectrum
            #expect(entry.isDecayed == isWeight, "\(entry.name)")
        }
    }
}
