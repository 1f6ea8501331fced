import Tensors
import Testing

/// The element of an operand that element `position` of the stretched result reads.
private func source(_ position: Int, _ result: Shape, _ operand: Shape) -> Int {
    var (rest, stride, element) = (position, 1, 0)
    for axis in 0..<result.rank {
        let extent = result[result.rank - 1 - axis]
        let index = rest % extent
        rest /= extent
        guard axis < operand.rank else { continue }
        let own = operand[operand.rank - 1 - axis]
        if own > 1 { element += index * stride }
        stride *= own
    }
    return element
}

/// Two shapes of up to five axes that stretch over each other.
private func randomShapes(_ random: inout Random) -> (a: Shape, b: Shape, result: Shape) {
    let rank = random.integer(below: 6)
    let result = (0..<rank).map { _ in 1 + random.integer(below: 5) }
    var operands: [[Int]] = [[], []]
    for operand in 0..<2 {
        operands[operand] = result.map { random.chance(0.3) ? 1 : $0 }
        // Leading ones may be left out.
        while operands[operand].first == 1, random.chance(0.5) { operands[operand].removeFirst() }
    }
    let whole = result.indices.map { axis in
        operands.map { axis - (rank - $0.count) >= 0 ? $0[axis - (rank - $0.count)] : 1 }.max() ?? 1
    }
    return (Shape(operands[0]), Shape(operands[1]), Shape(whole))
}

private func apply<S: Scalar>(_ f: BinaryFunction, _ x: S, _ y: S) -> S {
    switch f {
    case .add: x + y
    case .subtract: x - y
    case .multiply: x * y
    case .divide: x / y
    }
}

private func expectCombinationsEqualALoop<S: Scalar>(_ type: S.Type) {
    var random = Random(seed: 1, purpose: "broadcast \(S.scalarName)")
    for _ in 0..<150 {
        let (shapeA, shapeB, result) = randomShapes(&random)
        let a = Tensor<S>.normal(shapeA, from: &random)
        let b = Tensor<S>.uniform(shapeB, 0.5, 2, from: &random)
        let (x, y) = (a.array, b.array)
        for f in BinaryFunction.allCases {
            let combined = a.combined(f, b)
            let expected = (0..<result.elementCount).map {
                apply(f, x[source($0, result, shapeA)], y[source($0, result, shapeB)])
            }
            let rank = max(shapeA.rank, shapeB.rank)
            #expect(combined.shape == Shape(Array(result.dimensions.suffix(rank))), "\(shapeA), \(shapeB)")
            #expect(combined.array == expected, "\(f) of \(shapeA), \(shapeB)")
        }
    }
}

private func expectSumsEqualALoop<S: Scalar>(_ type: S.Type, tolerance: Double) {
    var random = Random(seed: 2, purpose: "sums \(S.scalarName)")
    for _ in 0..<200 {
        let (shapeA, shapeB, result) = randomShapes(&random)
        let whole = Shape(Array(result.dimensions.suffix(max(shapeA.rank, shapeB.rank))))
        let g = Tensor<S>.normal(whole, from: &random)
        for target in [shapeA, shapeB] {
            var sums = [Double](repeating: 0, count: target.elementCount)
            for (position, value) in g.array.enumerated() { sums[source(position, whole, target)] += Double(value) }
            let summed = g.summed(to: target)
            #expect(summed.shape == target)
            let error = zip(summed.array, sums).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(error <= tolerance, "\(whole) to \(target)")
        }
    }
}

@Suite struct BroadcastTests {
    @Test func combinationsEqualALoopOnRandomShapes() {
        expectCombinationsEqualALoop(Float.self)
        expectCombinationsEqualALoop(Double.self)
    }

    @Test func sumsOverStretchedAxesEqualALoopOnRandomShapes() {
        expectSumsEqualALoop(Float.self, tolerance: 1e-3)
        expectSumsEqualALoop(Double.self, tolerance: 1e-11)
    }

    /// Long rows and many rows take other paths than small shapes: vector code with a remainder, and several chunks.
    @Test(arguments: [
        ([3, 50_001], [50_001]), ([3, 50_001], [3, 1]), ([40_003, 3], [3]), ([40_003, 3], [40_003, 1]),
        ([100_003], [1]), ([2, 301, 67], [2, 1, 67]), ([1, 301, 1], [5, 1, 67]),
    ])
    func largeShapesEqualALoop(a: [Int], b: [Int]) {
        var random = Random(seed: 3, purpose: "large")
        let (x, y) = (Tensor<Float>.normal(Shape(a), from: &random), Tensor<Float>.normal(Shape(b), from: &random))
        let sum = x + y
        let (first, second) = (x.array, y.array)
        let expected = (0..<sum.elementCount).map {
            first[source($0, sum.shape, x.shape)] + second[source($0, sum.shape, y.shape)]
        }
        #expect(sum.array == expected)
        for target in [x.shape, y.shape] {
            var sums = [Double](repeating: 0, count: target.elementCount)
            for (position, value) in expected.enumerated() {
                sums[source(position, sum.shape, target)] += Double(value)
            }
            let largest = sums.map(abs).max() ?? 1
            let error = zip(sum.summed(to: target).array, sums).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(error <= 2e-5 * largest + 1e-4, "to \(target)")
        }
    }

    @Test func shapesThatDoNotFitHaveNoPlan() {
        #expect(BroadcastPlan([2, 3], [4]) == nil)
        #expect(BroadcastPlan([2, 3], [3, 2]) == nil)
        #expect(BroadcastPlan([2, 1, 3], [4, 1])?.shape == [2, 4, 3])
        #expect(BroadcastPlan([], [])?.shape == [])
    }
}
