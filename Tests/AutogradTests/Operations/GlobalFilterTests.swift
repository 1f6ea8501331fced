import Autograd
import Tensors
import TestSupport
import Testing

private struct Filter: ScalarFunction {
    var halvesInput = false
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].globalFilter(x[1], halvesInput: halvesInput)]
    }
}

private struct Resize: ScalarFunction {
    let rows: Int
    let columns: Int
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].resizedFilter(rows: rows, columns: columns)] }
}

private func operands(_ images: Int, _ height: Int, _ width: Int, _ channels: Int) -> [Shape] {
    let (rows, columns) = globalFilterShape(height: height, width: width)
    return [[images, height, width, channels], [rows, columns, channels, 2]]
}

@Suite struct GlobalFilterTests {
    @Test(arguments: [
        (2, 4, 4, 240), (2, 7, 7, 496), (2, 14, 14, 112), (1, 24, 24, 17), (3, 5, 6, 33), (2, 6, 5, 31),
        (2, 13, 11, 16),
        (4, 1, 1, 96), (2, 1, 8, 20), (2, 8, 1, 20), (2, 2, 2, 1), (40, 3, 2, 16), (1, 17, 23, 18), (1, 56, 56, 16),
    ])
    func floatEqualsDouble(images: Int, height: Int, width: Int, channels: Int) {
        #expect(Filter().largestError(operands(images, height, width, channels)) < 5e-6)
    }

    @Test func aHalvedInputRoundsTheGradientOfTheFilterAlone() {
        let shapes = operands(2, 6, 5, 20)
        #expect(Filter().roundedErrors(shapes).allSatisfy { $0 < 5e-6 })
        #expect(Filter(halvesInput: true).largestError(shapes) < 5e-6, "in single precision nothing is rounded")
        for (what, error) in zip(["result", "x", "filter"], Filter(halvesInput: true).roundedErrors(shapes)) {
            #expect(what == "filter" ? (1e-5..<1e-2).contains(error) : error < 5e-6, "\(what): \(error)")
        }
    }

    @Test(arguments: sizes)
    func isTheCircularConvolutionWithTheTransformOfTheFilter(height: Int, width: Int) {
        var random = Random(seed: 3, purpose: "circular")
        let shapes = operands(2, height, width, 3)
        let x = Tensor<Double>.normal(shapes[0], from: &random)
        let k = Tensor<Double>.normal(shapes[1], from: &random)
        let expected = circularConvolution(x, kernel: spatialKernel(k, width: width))
        #expect(relativeError(Variable(x).globalFilter(Variable(k)).value, expected) < 1e-12)
        let fast = Variable(x.converted(to: Float.self)).globalFilter(Variable(k.converted(to: Float.self))).value
        #expect(relativeError(fast, expected) < 2e-6)
    }

    static let sizes = [(4, 4), (5, 7), (7, 5), (6, 3), (3, 6), (1, 1), (1, 5), (6, 1), (2, 2), (11, 13)]

    /// <F x, y> = <x, F^T y>.
    @Test(arguments: sizes)
    func inputGradientIsTheAdjoint(height: Int, width: Int) {
        var random = Random(seed: 4, purpose: "adjoint")
        let shapes = operands(2, height, width, 18)
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor<Float>.normal(shapes[0], from: &random))
        let y = Tensor<Float>.normal(shapes[0], from: &random)
        let result = x.globalFilter(Variable(.normal(shapes[1], from: &random)))
        tape.backward(from: result, cotangent: y)
        let adjoint = tape.gradient(of: x) ?? .zeros(shapes[0])
        let left = innerProduct(result.value, y)
        #expect(
            abs(left - innerProduct(x.value, adjoint)) < 1e-5
                * (innerProduct(result.value, result.value) * innerProduct(y, y)).squareRoot())
    }

    /// Part of the filter in the columns 0 and W / 2 has no effect, so its gradient has no such part.
    @Test(arguments: [4, 5])
    func onlyTheHermitianPartOfSelfPairedColumnsActs(width: Int) {
        let shapes = operands(1, 3, width, 1)
        let columns = shapes[1][1]
        var values = [Double](repeating: 0, count: shapes[1].elementCount)
        for column in [0, 2] where column == 0 || 2 * column == width {
            func index(_ row: Int) -> Int { 2 * (row * columns + column) }
            values[index(0) + 1] = 5
            (values[index(1)], values[index(2)]) = (2, -2)
            (values[index(1) + 1], values[index(2) + 1]) = (3, 3)
        }
        var random = Random(seed: 5, purpose: "hermitian")
        let x = Tensor<Float>.normal(shapes[0], from: &random)
        let k = Tensor<Double>(shapes[1], values)
        let fast = Variable(x).globalFilter(Variable(k.converted(to: Float.self))).value
        #expect(fast.array.allSatisfy { abs($0) < 1e-6 })
        let reference = Variable(x.converted(to: Double.self)).globalFilter(Variable(k)).value
        #expect(reference.array.allSatisfy { abs($0) < 1e-12 })
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(Filter().threadViolations(operands(9, 14, 14, 40)) == [])
        #expect(Filter().threadViolations([[3, 15, 12, 70], [6, 9, 70, 2]]) == [])
    }

    @Test func filterOfTheRightSizeIsNotResized() {
        let tape = Tape<Float>()
        let filter = tape.leaf(Tensor<Float>([4, 3, 1, 2], repeating: 0.1))
        _ = Variable(Tensor<Float>([1, 4, 4, 1], repeating: 1)).globalFilter(filter)
        #expect(tape.operations == [.globalFilter])
    }

    @Test(arguments: [(14, 8, 24, 13), (24, 13, 14, 8), (3, 3, 1, 1), (1, 1, 4, 3), (3, 4, 3, 7)])
    func resizeInFloatEqualsDouble(height: Int, width: Int, rows: Int, columns: Int) {
        #expect(Resize(rows: rows, columns: columns).largestError([[height, width, 40, 2]]) < 2e-6)
    }

    @Test func resizeTo1x1PicksTheFirstElement() {
        let filter = Variable(Tensor<Double>([2, 2, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(filter.resizedFilter(rows: 1, columns: 1).value.array == [1, 2])
    }

    @Test func filterShapeIsTheHalfSpectrum() {
        #expect(globalFilterShape(height: 7, width: 7) == (7, 4))
        #expect(globalFilterShape(height: 8, width: 14) == (8, 8))
        #expect(globalFilterShape(height: 1, width: 1) == (1, 1))
    }
}
