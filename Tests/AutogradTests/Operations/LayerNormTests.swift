import Autograd
import Tensors
import TestSupport
import Testing

private struct Norm: ScalarFunction {
    var halvesInput = false
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].layerNormalized(x[1], x[2], halvesInput: halvesInput)]
    }
}

@Suite struct LayerNormTests {
    @Test func aHalvedInputRoundsWhatNeedsIt() {
        let shapes: [Shape] = [[37, 48], [48], [48]]
        #expect(Norm().roundedErrors(shapes).allSatisfy { $0 < 1e-5 })
        #expect(Norm(halvesInput: true).largestError(shapes) < 1e-5, "in single precision nothing is rounded")
        for (what, error) in zip(["result", "x", "gain", "bias"], Norm(halvesInput: true).roundedErrors(shapes)) {
            let needsIt = what == "x" || what == "gain"
            #expect(needsIt ? (1e-5..<1e-2).contains(error) : error < 1e-5, "\(what): \(error)")
        }
    }

    @Test(arguments: [1, 5, 8, 16, 17, 24, 32, 64, 96, 112, 240, 256, 496, 2000])
    func theFastKernelEqualsTheReference(columns: Int) {
        // 37 rows leave a rest after every group of rows; more rows make several chunks.
        for rows in [1, 37, columns <= 64 ? 1501 : 101] {
            let inputs = operands([[rows, columns], [columns], [columns]])
            // The gradient of a row of one is zero, the difference of large numbers.
            expectAgreement(inputs, tolerance: columns == 1 ? 1e-3 : 1e-5, "\(rows) x \(columns)") {
                [$0[0].layerNormalized($0[1], $0[2])]
            } _: {
                [$0[0].layerNormalized($0[1], $0[2])]
            }
        }
    }

    @Test func digitsAreKeptFarFromZero() {
        let x = operands([[64, 48]])[0]
        let far = Tensor<Float>(x.shape, x.array.map { $0 + 1000 })
        let one = Tensor<Float>([48], repeating: 1)
        let zero = Tensor<Float>.zeros([48])
        expectAgreement([far, one, zero], tolerance: 1e-4, "mean 1000") {
            [$0[0].layerNormalized($0[1], $0[2])]
        } _: {
            [$0[0].layerNormalized($0[1], $0[2])]
        }
    }

    @Test func aSmallExample() {
        let x = Variable(Tensor<Float>([1, 4], [1, 2, 3, 6]))
        let y = x.layerNormalized(
            Variable(Tensor([4], [1, 1, 2, 1])), Variable(Tensor([4], [0, 0, 0, 1])), epsilon: 0.5)
        // Mean 3, biased variance 3.5.
        #expect(relativeError(y.value, Tensor([1, 4], [-1, -0.5, 0, 2.5])) < 1e-6)
    }

    @Test(arguments: [16, 96, 240]) func resultsDoNotDependOnThreads(columns: Int) {
        expectSameOnAnyThreads(operands([[2101, columns], [columns], [columns]]), "layerNorm") {
            [$0[0].layerNormalized($0[1], $0[2])]
        }
    }
}
