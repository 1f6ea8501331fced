import Autograd
import Tensors
import TestSupport
import Testing

private struct Joined: ScalarFunction {
    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [.convolution(joining: Array(v.dropLast(2)), v[v.count - 2], v[v.count - 1], padding: 1)]
    }
}

@Suite struct JoinedConvolutionTests {
    /// Channels of the parts, and outputs; the last three have parts that must be copied.
    private static let cases: [(parts: [Int], out: Int)] = [
        ([16, 16], 16), ([64, 32, 7], 40), ([128, 128], 144), ([48, 16], 8), ([8, 16], 16), ([24, 16], 16),
        ([2, 1], 16),
    ]

    private func shapes(_ parts: [Int], _ out: Int) -> [Shape] {
        parts.map { [2, 11, 14, $0] } + [[out, 3, 3, parts.reduce(0, +)], [out]]
    }

    @Test(arguments: cases)
    func equalsConcatenationAndConvolution(_ parts: [Int], _ out: Int) {
        expectAgreement(operands(shapes(parts, out)), tolerance: 1e-5, "\(parts)") {
            Joined()($0)
        } _: { v in
            let x = Variable.concatenated(Array(v.dropLast(2)))
            return [x.convolution(v[v.count - 2], v[v.count - 1], padding: 1)]
        }
    }

    @Test(arguments: cases)
    func theResultHasTheBitsOfTheConcatenation(_ parts: [Int], _ out: Int) {
        let v = operands(shapes(parts, out)).map { Variable($0) }
        let joined = Joined()(v)[0].value
        let x = Variable.concatenated(Array(v.dropLast(2)))
        #expect(joined.bits == x.convolution(v[v.count - 2], v[v.count - 1], padding: 1).value.bits)
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(Joined().threadViolations(shapes([64, 32, 7], 40)) == [])
    }
}
