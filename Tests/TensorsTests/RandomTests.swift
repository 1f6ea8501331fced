import Tensors
import Testing

@Suite struct RandomTests {
    /// The vectors that Random123 publishes for philox4x32-10.
    @Test func philoxGivesItsPublishedNumbers() {
        let zeros = RandomKey(key: 0, stream: 0).block(0)
        #expect(zeros == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = RandomKey(key: .max, stream: .max).block(.max)
        #expect(ones == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        let pi = RandomKey(key: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e).block(0x85a3_08d3_243f_6a88)
        #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func aStreamIsAFunctionOfItsKey() {
        func first(_ seed: UInt64, _ purpose: String, _ a: Int, _ b: Int) -> UInt64 {
            var random = Random(seed: seed, purpose: purpose, a, b)
            return random.next()
        }
        #expect(first(1, "shuffle", 2, 3) == first(1, "shuffle", 2, 3))
        let others = [
            first(1, "shuffle", 2, 3), first(2, "shuffle", 2, 3), first(1, "mixing", 2, 3), first(1, "shuffle", 3, 2),
            first(1, "shuffle", 2, 4), first(1, "shuffle", -2, 3),
        ]
        #expect(Set(others).count == others.count)
        let key = RandomKey(seed: 1, purpose: "step", 7)
        #expect(key.derived("a") == key.derived("a"))
        #expect(
            Set([key, key.derived("a"), key.derived("b"), key.derived("a", 1), key.derived("a").derived("a")]).count
                == 5)
    }

    /// Holds the mean against the expected one, within five standard errors, and the deviation, within 3 percent.
    private func expectMoments(
        _ draws: [Double], mean: Double, deviation: Double, _ name: Comment, location: SourceLocation = #_sourceLocation
    ) {
        let n = Double(draws.count)
        let average = draws.reduce(0, +) / n
        let spread = (draws.reduce(0) { $0 + ($1 - average) * ($1 - average) } / n).squareRoot()
        #expect(abs(average - mean) < 5 * deviation / n.squareRoot(), name, sourceLocation: location)
        #expect(abs(spread / deviation - 1) < 0.03, name, sourceLocation: location)
    }

    @Test func drawsHaveTheirDistributionsMoments() {
        var random = Random(seed: 5, purpose: "moments")
        let count = 100_000
        let uniform = (0..<count).map { _ in random.uniform() }
        expectMoments(uniform, mean: 0.5, deviation: (1.0 / 12).squareRoot(), "uniform")
        #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
        let shifted = (0..<count).map { _ in random.uniform(-2, 4) }
        expectMoments(shifted, mean: 1, deviation: 3.squareRoot(), "uniform in -2..<4")

        let normal = (0..<count).map { _ in random.normal() }
        expectMoments(normal, mean: 0, deviation: 1, "normal")
        let fourth = normal.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count)
        #expect(abs(fourth - 3) < 0.16, "the tails are those of a normal distribution")
        let within = Double(normal.count { abs($0) < 1 }) / Double(count)
        #expect(abs(within - 0.682689) < 0.0075)

        for (a, b) in [(0.8, 0.8), (1.0, 1.0), (0.2, 0.2), (3.0, 1.5)] {
            let beta = (0..<count).map { _ in random.beta(a, b) }
            let variance = a * b / ((a + b) * (a + b) * (a + b + 1))
            expectMoments(beta, mean: a / (a + b), deviation: variance.squareRoot(), "beta \(a), \(b)")
            #expect(beta.allSatisfy { $0 >= 0 && $0 <= 1 })
        }
        // Draws that vanish still say which one is larger.
        for a in [0.02, 1e-3, 1e-300, .leastNonzeroMagnitude] {
            let beta = (0..<count).map { _ in random.beta(a, a) }
            #expect(beta.allSatisfy { $0 >= 0 && $0 <= 1 }, "beta \(a)")
            let ones = Double(beta.count { $0 > 0.5 }) / Double(count)
            #expect(abs(ones - 0.5) < 0.02, "beta \(a): \(ones)")
        }
        for shape in [0.3, 1, 4.5] {
            let gamma = (0..<count).map { _ in random.gamma(shape) }
            expectMoments(gamma, mean: shape, deviation: shape.squareRoot(), "gamma \(shape)")
        }
        let chance = Double((0..<count).count { _ in random.chance(0.3) }) / Double(count)
        #expect(abs(chance - 0.3) < 0.0075)
    }

    @Test func aPermutationHoldsEachNumberOnceAndIsFair() {
        var random = Random(seed: 6, purpose: "permutation")
        for count in [0, 1, 2, 1000] { #expect(random.permutation(count).sorted() == Array(0..<count)) }
        #expect(random.permutation(1000) != Array(0..<1000))
        var counts = [[Int]: Int]()
        for _ in 0..<24_000 { counts[random.permutation(4), default: 0] += 1 }
        #expect(counts.count == 24)
        #expect(counts.values.allSatisfy { abs($0 - 1000) < 160 }, "each of the 24 orders comes about 1000 times")
    }

    @Test func integersFillTheirRangeEvenly() {
        var random = Random(seed: 7, purpose: "integers")
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[random.integer(below: 7)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
        #expect(random.integer(below: 1) == 0)
    }

    @Test func tensorsAreFilledFromTheStreamInOrder() {
        var (one, other) = (Random(seed: 8, purpose: "fill"), Random(seed: 8, purpose: "fill"))
        let tensor = Tensor<Double>.normal([3, 5], mean: 2, deviation: 0.5, from: &one)
        #expect(tensor.array == (0..<15).map { _ in 2 + 0.5 * other.normal() })
        let uniform = Tensor<Float>.uniform([4], -1, 1, from: &one)
        #expect(uniform.array == (0..<4).map { _ in Float(other.uniform(-1, 1)) })
    }
}
