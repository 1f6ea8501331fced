import Autograd
import Tensors
import TestSupport
import Testing

private struct Elementwise: ScalarFunction {
    let function: ElementwiseFunction
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        // Numbers from 1 on where the function takes positive ones alone.
        [(function.needsPositive ? x[0].squared() + Variable(Tensor(1)) : x[0]).map(function)]
    }
}

@Suite struct ElementwiseTests {
    /// Counts that leave a rest after every width of vectors, and one of several chunks.
    @Test(arguments: ElementwiseFunction.allCases)
    func floatEqualsDouble(function: ElementwiseFunction) {
        for count in [1, 3, 8, 16, 17, 31, 67, 2 * elementGrain + 5] {
            #expect(Elementwise(function: function).largestError([[count]], scale: 3) < 3e-6, "\(count) elements")
        }
    }

    @Test(arguments: ElementwiseFunction.allCases)
    func resultsDoNotDependOnThreads(function: ElementwiseFunction) {
        #expect(Elementwise(function: function).threadViolations([[5 * elementGrain + 3]]) == [])
    }

    /// The definitions by Python's `math` module.
    @Test func knownValues() {
        let x = Variable(Tensor<Double>([4], [-4, -1, 0, 2]))
        func expect(_ found: Variable<Double>, _ expected: [Double]) {
            #expect(relativeError(found.value, Tensor([4], expected)) < 1e-12)
        }
        expect(x.relu(), [0, 0, 0, 2])
        expect(x.absolute(), [4, 1, 0, 2])
        expect(x.hardSwish(), [0, -1.0 / 3, 0, 5.0 / 3])
        expect(x.hardSigmoid(), [0, 1.0 / 3, 0.5, 5.0 / 6])
        expect((x * Variable(Tensor(4))).relu6(), [0, 0, 0, 6])
        expect(x.silu(), [-0.07194483984836625, -0.2689414213699951, 0, 1.7615941559557649])
        expect(x.gelu(), [-0.00012668496733247982, -0.15865525393145707, 0, 1.9544997361036416])
        expect(x.tanh(), [-0.999329299739067, -0.7615941559557649, 0, 0.9640275800758169])
    }
}
