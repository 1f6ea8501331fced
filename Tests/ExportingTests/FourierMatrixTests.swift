import Exporting
import Tensors
import Testing

@Suite struct FourierMatrixTests {
    /// Products with the matrices against the transforms of the global filter, whose input need not be Hermitian: what
    /// an inverse real transform drops must be dropped here, too.
    @Test(arguments: [(4, 4), (3, 5), (7, 7), (14, 14), (6, 1), (1, 6), (1, 1), (2, 2), (12, 9), (5, 24)])
    func productsAreTheGlobalFilter(height: Int, width: Int) {
        let matrices = FourierMatrices(height: height, width: width)
        let columns = matrices.columns
        var random = Random(seed: 1, purpose: "filter")
        let x = Tensor<Double>.normal([1, height, width, 1], from: &random)
        let filter = Tensor<Double>.normal([height, columns, 1, 2], from: &random)
        let expected = x.globalFilter(filter).array

        func matrix(_ shape: [Int], _ values: [Float]) -> Axes { Axes(shape, values.map { Double($0) }) }
        // [H, W] -> [H, 2 columns] -> [columns, 2 H]
        let rows = Axes.product(
            Axes([height, width], x.array), matrix([width, 2 * columns], matrices.widthForward))
        let spectrum = Axes.product(
            turned(rows, columns), matrix([2 * height, 2 * height], matrices.heightForward))
        let k = filter.array
        let product = Axes([columns, 2 * height]) { index in
            let (column, row) = (index[0], index[1] % height)
            let (re, im) = (spectrum[[column, row]], spectrum[[column, height + row]])
            let place = (row * columns + column) * 2
            return index[1] < height ? re * k[place] - im * k[place + 1] : re * k[place + 1] + im * k[place]
        }
        let back = Axes.product(product, matrix([2 * height, 2 * height], matrices.heightInverse))
        let y = Axes.product(turned(back, height), matrix([2 * columns, width], matrices.widthInverse))
        for (a, b) in zip(y.values, expected) { #expect(abs(a - b) < 2e-6) }
    }

    /// [a, 2 b] with real parts before imaginary ones as [b, 2 a].
    private func turned(_ x: Axes, _ extent: Int) -> Axes {
        .concatenated(
            [0, extent].map { x.sliced(axis: 1, $0..<$0 + extent).transposed([1, 0]) }, axis: 1)
    }

    @Test func matricesAreOrthonormal() {
        let matrices = FourierMatrices(height: 7, width: 10)
        func matrix(_ size: Int, _ values: [Float]) -> Axes {
            Axes([values.count / size, size], values.map { Double($0) })
        }
        let there = Axes.product(matrix(14, matrices.heightForward), matrix(14, matrices.heightInverse))
        let widths = Axes.product(matrix(12, matrices.widthForward), matrix(10, matrices.widthInverse))
        for product in [there, widths] {
            for row in 0..<product.shape[0] {
                for column in 0..<product.shape[1] {
                    #expect(abs(product[[row, column]] - (row == column ? 1 : 0)) < 1e-6)
                }
            }
        }
    }
}
