/// Kernels that are put together of cells [out / down, in / groups / across], each a sum of the cells of a warehouse [n,
/// outputs of a cell, inputs of a cell] with its own coefficients [N, m, n]. The cells of a kernel are counted tap by tap,
/// within a tap row by row.
package struct WarehouseKernels<S: Scalar>: SampleKernels {
    package let shape: Shape
    let cells: Tensor<S>
    let coefficients: Tensor<S>
    let gradients: Gradients?

    struct Gradients {
        let cells: Tensor<S>
        let coefficients: Tensor<S>
    }

    /// - Parameters:
    ///   - shape: of a kernel, [out, kh, kw, in / groups].
    ///   - needsGradients: whether gradients will be taken.
    package init(_ cells: Tensor<S>, coefficients: Tensor<S>, shape: Shape, needsGradients: Bool) {
        (self.cells, self.coefficients, self.shape) = (cells, coefficients, shape)
        gradients =
            needsGradients
            ? Gradients(cells: .cleared(cells.shape), coefficients: .cleared(coefficients.shape)) : nil
    }

    package var samples: Int { coefficients.shape[0] }
    var count: Int { cells.shape[0] }
    private var cell: Int { cells.shape[1] * cells.shape[2] }
    var places: Int { coefficients.shape[1] }
    private var size: Int { places * cell }

    /// Calls `body` with each run of a cell's row: where it lies in the cells of a kernel, and where in the kernel.
    private func eachRun(_ body: (_ packed: Int, _ place: Int) -> Void) {
        let (height, width) = (cells.shape[1], cells.shape[2])
        let (taps, columns) = (shape[1] * shape[2], shape[3])
        var packed = 0
        for tap in 0..<taps {
            for top in stride(from: 0, to: shape[0], by: height) {
                for left in stride(from: 0, to: columns, by: width) {
                    for row in 0..<height {
                        body(packed, ((top + row) * taps + tap) * columns + left)
                        packed += width
                    }
                }
            }
        }
    }

    package func withKernels(_ samples: Range<Int>, _ body: (UnsafePointer<S>) -> Void) {
        let (width, rows) = (cells.shape[2], samples.count * places)
        let packed = Storage<S>(count: samples.count * size)
        let operand = ProductOperand(cells.start, stride: cell, transposed: false, inner: count, columns: cell)
        operand.parallelProduct(rows, coefficients.start + samples.lowerBound * places * count, into: packed.pointer)
        let kernels = Storage<S>(count: samples.count * size)
        parallelFor(samples.count, grain: max(1, elementGrain / size)) { range in
            for i in range {
                let (from, to) = (packed.pointer + i * size, kernels.pointer + i * size)
                eachRun { (to + $1).update(from: from + $0, count: width) }
            }
        }
        withExtendedLifetime((kernels, packed, cells)) { body(UnsafePointer(kernels.pointer)) }
    }

    package func takeGradients(_ samples: Range<Int>, _ write: (UnsafeMutablePointer<S>) -> Void) {
        guard let gradients else { return }
        let (width, rows) = (cells.shape[2], samples.count * places)
        let kernels = Storage<S>(count: samples.count * size)
        write(kernels.pointer)
        let packed = Storage<S>(count: samples.count * size)
        parallelFor(samples.count, grain: max(1, elementGrain / size)) { range in
            for i in range {
                let (to, from) = (packed.pointer + i * size, kernels.pointer + i * size)
                eachRun { (to + $0).update(from: from + $1, count: width) }
            }
        }
        let first = samples.lowerBound * places * count
        let operand = ProductOperand(cells.start, stride: cell, transposed: true, inner: cell, columns: count)
        operand.parallelProduct(rows, packed.pointer, into: gradients.coefficients.storage.pointer + first)
        let sums = Storage<S>(count: count * cell)
        reducingProduct(count, cell, rows, coefficients.start + first, packed.pointer, into: sums.pointer)
        parallelFor(count * cell, grain: elementGrain) {
            S.accumulate(
                sums.pointer + $0.lowerBound, gradients.cells.storage.pointer + $0.lowerBound, $0.count)
        }
        withExtendedLifetime((kernels, packed, sums, cells, coefficients)) {}
    }

    /// The gradients of cells and coefficients, once those of all kernels are taken.
    package func collected() -> [Tensor<S>?] { [gradients?.cells, gradients?.coefficients] }
}
