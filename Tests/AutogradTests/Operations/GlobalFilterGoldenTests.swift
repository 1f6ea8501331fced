import Autograd
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Element i in row-major order is amplitude sin(0.5 i + phase).
private func waves(_ shape: Shape, _ amplitude: Double, _ phase: Double) -> [Double] {
    (0..<shape.elementCount).map { amplitude * sin(0.5 * Double($0) + phase) }
}

/// Numbers of an independent implementation in double precision (Scripts/fixtures/literals.py); each fixes a whole pass.
@Suite struct GlobalFilterGoldenTests {
    @Test func evenWidth() {
        let expected = [
            -0.173303159, -0.529551792, -0.404084068, 0.001620614, 0.275769806, 0.208787202, 0.436550445, 0.491604551,
            -0.015174020, 0.338497525, -0.078444725, -0.499453494,
        ]
        check(3, 4, expected)
    }

    @Test func oddWidth() {
        check(2, 3, [0.299510088, 0.089422872, 0.156759127, 0.022738568, 0.462466729, 0.236268368])
    }

    private func check(_ height: Int, _ width: Int, _ expected: [Double]) {
        let x = Tensor<Double>([1, height, width, 1], waves([height, width], 1, 0.1))
        let filterShape: Shape = [height, width / 2 + 1, 1, 2]
        let k = Tensor<Double>(filterShape, waves(filterShape, 0.5, 0.7))
        let y = Variable(x).globalFilter(Variable(k)).value
        let fast = Variable(x.converted(to: Float.self)).globalFilter(Variable(k.converted(to: Float.self))).value
        for (i, value) in expected.enumerated() {
            #expect(abs(y.array[i] - value) < 1e-9)
            #expect(abs(Double(fast.array[i]) - value) < 1e-6)
        }
    }

    @Test func resizedCenterIsTheMeanOfTheCorners() {
        let filter = Variable(Tensor<Double>([2, 2, 1, 2], waves([1, 2, 2, 2], 1, 0)))
        let resized = filter.resizedFilter(rows: 3, columns: 3).value.array
        #expect(abs(resized[8] - 0.472972105) < 1e-9)
        #expect(abs(resized[9] - 0.431152360) < 1e-9)
    }

    /// The whole global-local filter: norm, 3x3 on the first half, filter on the second, interleave, norm.
    @Test func globalLocalFilterWithoutResizing() {
        let y = globalLocalFilter(3, 4)
        summarize(
            y, sum: 3.846262747, norm: 7.456168177, [1.746306273, 1.666586992, 1.833791072, 0.935185767],
            -1.787340277)
    }

    @Test func globalLocalFilterWithResizing() {
        let y = globalLocalFilter(5, 7)
        summarize(
            y, sum: 11.463603730, norm: 12.799231553, [1.830080428, 1.688587117, 1.819707961, 1.806988889],
            -0.717159197)
    }

    private func summarize(_ y: [Double], sum: Double, norm: Double, _ first: [Double], _ last: Double) {
        #expect(abs(y.reduce(0, +) - sum) < 1e-8)
        #expect(abs(y.reduce(0) { $0 + $1 * $1 }.squareRoot() - norm) < 1e-8)
        for (i, value) in first.enumerated() { #expect(abs(y[i] - value) < 1e-8) }
        #expect(abs((y.last ?? 0) - last) < 1e-8)
    }

    /// Four channels, filter [2, 3, 3, 2] in [C, h, w, 2] order; the result channel by channel.
    private func globalLocalFilter(_ height: Int, _ width: Int) -> [Double] {
        let (channels, positions) = (4, height * width)
        var x = [Double](repeating: 0, count: positions * channels)
        for (i, value) in waves([channels, height, width], 1, 0.1).enumerated() {
            x[i % positions * channels + i / positions] = value
        }
        let shape: Shape = [1, height, width, channels]
        let normed = Variable(Tensor(shape, layerNorm(x, 0.3, 0.4)))
        let local = convolved(normed.sliced(channels: 0..<2).value.array, height, width)
        var k = [Double](repeating: 0, count: 36)
        for (i, value) in waves([2, 3, 3, 2], 0.5, 0.7).enumerated() {
            k[(i % 18 / 2 * 2 + i / 18) * 2 + i % 2] = value
        }
        let global = normed.sliced(channels: 2..<4).globalFilter(Variable(Tensor([3, 3, 2, 2], k)))
        let mixed = Variable.interleaved(Variable(Tensor(shape.replacing(axis: 3, with: 2), local)), global)
        let y = layerNorm(mixed.value.array, 0.5, 0.6)
        return (0..<y.count).map { y[$0 % positions * channels + $0 / positions] }
    }

    private func layerNorm(_ x: [Double], _ gainPhase: Double, _ biasPhase: Double) -> [Double] {
        let (gain, bias) = (waves([4], 0.1, gainPhase), waves([4], 0.1, biasPhase))
        var y = x
        for row in stride(from: 0, to: x.count, by: 4) {
            let mean = x[row..<row + 4].reduce(0, +) / 4
            let variance = x[row..<row + 4].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4
            let scale = 1 / (variance + 1e-6).squareRoot()
            for c in 0..<4 { y[row + c] = (x[row + c] - mean) * scale * (1 + gain[c]) + bias[c] }
        }
        return y
    }

    /// 3x3 per channel with zero padding.
    private func convolved(_ x: [Double], _ height: Int, _ width: Int) -> [Double] {
        let weight = waves([2, 1, 3, 3], 0.3, 0.2)
        var y = [Double](repeating: 0, count: x.count)
        for r in 0..<height {
            for q in 0..<width {
                for c in 0..<2 {
                    for i in 0..<9 {
                        let (a, b) = (r + i / 3 - 1, q + i % 3 - 1)
                        guard a >= 0, a < height, b >= 0, b < width else { continue }
                        y[(r * width + q) * 2 + c] += weight[c * 9 + i] * x[(a * width + b) * 2 + c]
                    }
                }
            }
        }
        return y
    }
}
