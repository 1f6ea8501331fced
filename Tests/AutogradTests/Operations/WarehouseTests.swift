import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var input: Shape
    var out: Int
    var cells: Shape
    var kernel: Pair = 3
    var stride: Pair = 1
    var groups = 1
    var testDescription: String {
        "\(input) to \(out) of cells \(cells), kernel \(kernel), stride \(stride), groups \(groups)"
    }

    var weight: Shape { [out, kernel.height, kernel.width, input[3] / groups] }
    var padding: Pair { Pair(kernel.height / 2, kernel.width / 2) }
    var places: Int { weight.elementCount / (cells[1] * cells[2]) }
    var shapes: [Shape] { [input, cells, [input[0], places, cells[0]]] }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [
            v[0].convolution(
                warehouse: v[1], coefficients: v[2], outputs: out, kernel: kernel, stride: stride, padding: padding,
                groups: groups)
        ]
    }

    /// [N, taps, rows of cells, columns of cells, rows, columns] turned into kernels.
    func plain<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let (samples, height, width) = (input[0], cells[1], cells[2])
        let product = v[2].linear(v[1].reshaped([cells[0], height * width]).transposed([1, 0]))
        let (taps, down, across) = (kernel.height * kernel.width, out / height, input[3] / groups / width)
        let kernels = product.reshaped([samples, taps, down, across, height, width]).transposed([0, 2, 4, 1, 3, 5])
        return [
            v[0].convolution(
                kernels: kernels.reshaped(Shape([samples] + weight.dimensions)), stride: stride, padding: padding,
                groups: groups)
        ]
    }
}

@Suite struct WarehouseTests {
    private static let cases: [Case] = [
        Case(input: [3, 5, 4, 4], out: 6, cells: [7, 3, 2]), Case(input: [2, 9, 8, 32], out: 32, cells: [20, 16, 16]),
        Case(input: [3, 4, 5, 8], out: 4, cells: [40, 2, 2], kernel: 1, stride: 2, groups: 2),
        Case(input: [2, 4, 5, 6], out: 6, cells: [1, 6, 6], kernel: Pair(1, 3)),
        // By tiles.
        Case(input: [3, 8, 7, 64], out: 96, cells: [5, 32, 64]),
        Case(input: [2, 9, 8, 32], out: 32, cells: [7, 32, 32]),
        Case(input: [66, 5, 5, 64], out: 128, cells: [40, 64, 32]),
        Case(input: [11, 2, 2, 256], out: 256, cells: [9, 128, 128]),
    ]

    @Test(arguments: cases)
    fileprivate func equalsItsDefinition(_ c: Case) {
        let drawn = operands(c.shapes)
        let (ours, plain) = (Evaluation<Double>(drawn) { c($0) }, Evaluation<Double>(drawn) { c.plain($0) })
        for (a, b) in zip(ours.tensors, plain.tensors) { #expect(relativeError(a, b) < 1e-13) }
    }

    @Test(arguments: cases)
    fileprivate func precisionAndThreads(_ c: Case) {
        #expect(c.largestError(c.shapes) < 3e-5)
        #expect(c.threadViolations(c.shapes) == [])
    }
}
