import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var input: Shape
    var kernel: Pair = 7
    var stride = 1
    var padding: Int?
    var halvesInput = false
    var testDescription: String { "\(input) kernel \(kernel) stride \(stride)" }

    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].depthwiseConvolution(x[1], x[2], stride: stride, padding: padding, halvesInput: halvesInput)]
    }

    var shapes: [Shape] { [input, [kernel.height, kernel.width, input[3]], [input[3]]] }
}

@Suite struct DepthwiseConvolutionTests {
    private static let cases: [Case] = [
        Case(input: [2, 14, 14, 96]), Case(input: [1, 16, 16, 112]), Case(input: [3, 8, 8, 240]),
        Case(input: [5, 4, 4, 496]), Case(input: [20, 2, 2, 24]), Case(input: [7, 1, 1, 17]),
        Case(input: [2, 7, 7, 40]), Case(input: [1, 30, 61, 24]), Case(input: [2, 11, 13, 17]),
        Case(input: [1, 9, 3, 3]), Case(input: [2, 12, 15, 24], kernel: 3), Case(input: [2, 10, 9, 33], kernel: 5),
        Case(input: [1, 20, 17, 24], kernel: 9), Case(input: [1, 6, 19, 16], kernel: Pair(3, 7)),
        Case(input: [2, 13, 10, 25], kernel: 3, stride: 2), Case(input: [1, 15, 15, 16], kernel: 7, stride: 4),
        Case(input: [1, 12, 12, 16], kernel: 5, padding: 0), Case(input: [1, 5, 6, 16], kernel: 3, padding: 5),
    ]

    @Test(arguments: cases)
    private func singlePrecisionAgreesWithTheReference(_ test: Case) {
        for (what, error) in zip(["result", "x", "weight", "bias"], test.errors(test.shapes)) {
            #expect(error < 3e-6, "\(what)")
        }
    }

    /// Nothing here is a product of matrices, so that rounding what is kept is all that bfloat16 changes.
    @Test func aHalvedInputRoundsTheGradientOfTheWeightAlone() {
        var test = Case(input: [2, 9, 8, 24])
        #expect(test.roundedErrors(test.shapes).allSatisfy { $0 < 3e-6 })
        test.halvesInput = true
        #expect(test.largestError(test.shapes) < 3e-6, "in single precision nothing is rounded")
        for (what, error) in zip(["result", "x", "weight", "bias"], test.roundedErrors(test.shapes)) {
            #expect(what == "weight" ? (1e-5..<1e-2).contains(error) : error < 3e-6, "\(what): \(error)")
        }
    }

    @Test(arguments: cases)
    private func theNumberOfThreadsDoesNotMatter(_ test: Case) {
        #expect(test.threadViolations(test.shapes) == [])
    }

    /// Large enough for several chunks of rows and groups of channels.
    @Test func manyChunksAgreeWithOneThread() {
        let test = Case(input: [12, 14, 14, 136])
        #expect(test.threadViolations(test.shapes) == [])
        #expect(test.largestError(test.shapes) < 5e-6)
    }

    @Test func imagesDoNotDependOnTheirBatch() {
        let test = Case(input: [9, 4, 4, 24])
        var operands = operands(test.shapes)
        let all = test(operands.map { Variable($0) })[0].value.array
        let size = 4 * 4 * 24
        operands[0] = Tensor([1, 4, 4, 24], Array(operands[0].array[5 * size..<6 * size]))
        #expect(test(operands.map { Variable($0) })[0].value.array == Array(all[5 * size..<6 * size]))
    }

    @Test func aKernelWiderThanTheMapSeesAllOfIt() {
        // A map of ones under a kernel of ones: each output counts the pixels it meets.
        let x = Variable<Float>(Tensor([1, 2, 2, 1], repeating: 1))
        let w = Variable<Float>(Tensor([7, 7, 1], repeating: 1))
        #expect(x.depthwiseConvolution(w, nil).value.array == [4, 4, 4, 4])
        let three = Variable<Float>(Tensor([3, 3, 1], (1...9).map(Float.init)))
        let map = Variable<Float>(Tensor([1, 2, 3, 1], (1...6).map(Float.init)))
        #expect(map.depthwiseConvolution(three, nil).value.array == [94, 154, 106, 58, 91, 58])
    }
}
