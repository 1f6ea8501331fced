import Autograd
import Tensors
import TestSupport
import Testing

private let key = RandomKey(seed: 3, purpose: "gated branch")

private struct Branch: ScalarFunction {
    let order: Int
    var rate = 0.0
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        let gate = GateVariables(
            p: x[1], gates: x[2], weights: Array(x[3..<2 + order]), biases: Array(x[2 + order..<1 + 2 * order]),
            scale: 1.0 / 3)
        return [
            x[0].gatedBranch(
                gate, x[1 + 2 * order], x[2 + 2 * order], scale: x.count > 3 + 2 * order ? x[3 + 2 * order] : nil,
                dropPathRate: rate, key: key)
        ]
    }
}

/// What it replaces.
private struct Operations: ScalarFunction {
    let order: Int
    var rate = 0.0
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        let gated = Variable.recursiveGate(
            x[1], x[2], weights: Array(x[3..<2 + order]), biases: Array(x[2 + order..<1 + 2 * order]), scale: 1.0 / 3)
        return [
            x[0].addingResidual(
                gated.linear(x[1 + 2 * order], x[2 + 2 * order]),
                scale: x.count > 3 + 2 * order ? x[3 + 2 * order] : nil, dropPathRate: rate, key: key)
        ]
    }
}

private func shapes(_ leading: [Int], _ widths: [Int], out: Int, scale: Bool = true) -> [Shape] {
    let pairs = zip(widths, widths.dropFirst())
    let maps = [out, widths[0], widths.reduce(0, +)].map { Shape(leading + [$0]) }
    return maps + pairs.map { [$1, $0] } + pairs.map { [$1] } + [[out, widths[widths.count - 1]], [out]]
        + (scale ? [[out]] : [])
}

@Suite struct GatedBranchTests {
    @Test(arguments: [
        ([4, 6, 6], [16, 32]), ([3, 50], [5, 9, 17]), ([2, 5, 5], [14, 28, 56, 112]), ([700], [16]),
    ])
    func floatEqualsDouble(leading: [Int], widths: [Int]) {
        let out = widths[widths.count - 1]
        #expect(Branch(order: widths.count, rate: 0.3).largestError(shapes(leading, widths, out: out)) < 5e-5)
        #expect(Branch(order: widths.count).largestError(shapes(leading, widths, out: 19, scale: false)) < 5e-5)
    }

    @Test(arguments: [0.0, 0.4]) func equalsItsOperations(rate: Double) {
        for widths in [[3], [2, 5], [1, 3, 4]] {
            for scale in [false, true] {
                let operands = shapes([5, 3], widths, out: 4, scale: scale)
                let fused = Branch(order: widths.count, rate: rate).run(operands, as: Double.self)
                let parts = Operations(order: widths.count, rate: rate).run(operands, as: Double.self)
                for (a, b) in zip(fused, parts) { #expect(relativeError(a, b) < 1e-11) }
            }
        }
    }

    /// p and the gates are kept in bfloat16 then; rows that fill several blocks, and a last one that is shorter.
    @Test func gradientsInBfloat16AreNear() {
        for widths in [[16, 32], [8, 16, 32]] {
            let operands = shapes([5, 37, 37], widths, out: 32)
            let branch = Branch(order: widths.count, rate: 0.3)
            #expect(branch.roundedErrors(operands).allSatisfy { $0 < 2e-2 }, "\(branch.roundedErrors(operands))")
            ProductPrecision.$current.withValue(.bfloat16) { #expect(branch.threadViolations(operands) == []) }
        }
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(Branch(order: 3, rate: 0.3).threadViolations(shapes([8, 12, 12], [8, 16, 32], out: 32)) == [])
    }
}
