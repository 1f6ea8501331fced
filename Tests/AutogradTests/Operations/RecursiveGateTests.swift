import Autograd
import Tensors
import TestSupport
import Testing

/// Operands: p, gates, weights, biases.
private struct Gate: ScalarFunction {
    let order: Int
    var scale = 1.0 / 3
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [
            .recursiveGate(
                x[0], x[1], weights: Array(x[2..<1 + order]), biases: Array(x[(1 + order)...]), scale: scale)
        ]
    }
}

/// The composition that it replaces.
private struct ComposedGate: ScalarFunction {
    let order: Int
    var scale = 1.0 / 3
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        let widths = [x[0].shape.columns] + x[2..<1 + order].map { $0.shape[0] }
        let q = x[1].scaled(by: S(scale)).split(channels: widths)
        var y = x[0] * q[0]
        for k in 0..<order - 1 { y = y.linear(x[2 + k], x[1 + order + k]) * q[k + 1] }
        return [y]
    }
}

/// The operands' shapes for widths d_0 ... d_{n-1}.
private func shapes(_ widths: [Int], _ leading: [Int]) -> [Shape] {
    let pairs = zip(widths, widths.dropFirst())
    return [Shape(leading + [widths[0]]), Shape(leading + [widths.reduce(0, +)])] + pairs.map { [$1, $0] }
        + pairs.map { [$1] }
}

private func widths(_ channels: Int, order: Int) -> [Int] { (0..<order).map { channels >> (order - 1 - $0) } }

@Suite struct RecursiveGateTests {
    @Test(arguments: 1...6)
    func equalsItsComposition(order: Int) {
        let operands = shapes(widths(32, order: order), [3, 5, 7])
        let fused = Gate(order: order).run(operands, as: Double.self)
        let composed = ComposedGate(order: order).run(operands, as: Double.self)
        #expect(fused.count == composed.count)
        for (a, b) in zip(fused, composed) { #expect(relativeError(a, b) < 1e-12) }
    }

    @Test(arguments: [(16, 2), (32, 3), (64, 4), (128, 5), (96, 4), (240, 5), (112, 3), (16, 5), (17, 1)])
    func floatEqualsDouble(channels: Int, order: Int) {
        let operands = shapes(widths(channels, order: order), [3, 14, 14])
        #expect(Gate(order: order).largestError(operands, scale: 0.5) < 3e-5)
    }

    /// Neither whole blocks of rows nor widths that fit vectors.
    @Test(arguments: [[3, 5, 17], [1, 1, 1], [7, 3], [5]])
    func floatEqualsDoubleAtOddSizes(widths: [Int]) {
        for rows in [1, 2, 13, 4099] {
            #expect(Gate(order: widths.count).largestError(shapes(widths, [rows]), scale: 0.5) < 3e-5)
        }
    }

    @Test func gatesOfZeroGiveFiniteGradients() {
        let tape = Tape<Float>()
        let p = tape.leaf(Tensor([2, 1], [1, 2]))
        let gates = tape.leaf(Tensor<Float>.zeros([2, 3]))
        let w = tape.leaf(Tensor<Float>([2, 1], [1, 1]))
        let b = tape.leaf(Tensor<Float>([2], [1, -1]))
        let y = Variable.recursiveGate(p, gates, weights: [w], biases: [b], scale: 1)
        tape.backward(from: y.sum())
        #expect(y.value.array == [0, 0, 0, 0])
        #expect(tape.gradient(of: gates)?.array == [0, 1, -1, 0, 1, -1])
        #expect(tape.gradient(of: p)?.array == [0, 0])
    }

    @Test(arguments: [(32, 3), (128, 5)])
    func resultsDoNotDependOnThreads(channels: Int, order: Int) {
        #expect(Gate(order: order).threadViolations(shapes(widths(channels, order: order), [8, 28, 28])) == [])
    }
}
