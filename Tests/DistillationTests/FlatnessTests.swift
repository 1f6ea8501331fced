import Distillation
import Layers
import Tensors
import Testing

@Suite struct FlatnessTests {
    private func store() -> ParameterStore<Double> {
        let scope = Scope()
        _ = Linear(scope["linear"], inputs: 6, outputs: 4)
        _ = Convolution(scope["convolution"], inputs: 3, outputs: 5, kernel: 3)
        _ = DepthwiseConvolution(scope["depthwise"], channels: 7, kernel: 3)
        _ = LayerNorm(scope["norm"], channels: 4)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        store.redraw(seed: 2)
        return store
    }

    @Test func everyFilterKeepsItsNorm() {
        let store = store()
        let direction = FilterDirections.draw(store, key: RandomKey(seed: 1, purpose: "test"))
        for entry in store.list.entries {
            let weights = store.fileOrder(entry, store.flat.pointer + entry.offset)
            let moved = store.fileOrder(entry, direction.pointer + entry.offset)
            if entry.fileShape.count == 1 {
                #expect(moved.allSatisfy { $0 == 0 }, "\(entry.name)")
                continue
            }
            let size = weights.count / entry.fileShape[0]
            for filter in 0..<entry.fileShape[0] {
                let range = filter * size..<(filter + 1) * size
                let own: Double = weights[range].map { $0 * $0 }.reduce(0, +)
                let drawn: Double = moved[range].map { $0 * $0 }.reduce(0, +)
                #expect(isClose(own, drawn, 1e-8), "\(entry.name) \(filter)")
                #expect(weights[range] != moved[range])
            }
        }
    }

    @Test func directionsFollowTheKey() {
        let store = store()
        func draw(_ index: Int) -> [Double] {
            let direction = FilterDirections.draw(store, key: RandomKey(seed: 1, purpose: "test", index))
            return (0..<direction.count).map { direction.pointer[$0] }
        }
        #expect(draw(0) == draw(0))
        #expect(draw(0) != draw(1))
    }

    @Test func aBowlRisesWithTheSquareOfTheRadius() {
        let store = store()
        let center = store.copy()
        var moving = 0.0
        for entry in store.list.entries where entry.fileShape.count > 1 {
            for k in entry.range { moving += store.flat.pointer[k] * store.flat.pointer[k] }
        }
        let before = (0..<store.list.flatCount).map { store.flat.pointer[$0] }
        let profile = FlatnessProfile.measure(store, seed: 3, directions: 3, points: 5) { moved in
            var sum = 1.0
            for k in 0..<moved.list.flatCount {
                let difference = moved.flat.pointer[k] - center.flat.pointer[k]
                sum += difference * difference
            }
            return sum
        }
        #expect(profile.steps == [-1, -0.5, 0, 0.5, 1])
        #expect(profile.center == 1)
        #expect(isClose(profile.meanRise(radius: 1), moving, 1e-6))
        let (half, quarter) = (moving / 4, moving / 8)
        #expect(isClose(profile.meanRise(radius: 0.5), half, 1e-6))
        #expect(isClose(profile.meanRise(radius: 0.25), quarter, 1e-6))
        #expect((0..<store.list.flatCount).map { store.flat.pointer[$0] } == before)
    }
}
