/// The right operand of products over many blocks of rows: a matrix, or some rows of it, brought once into the order in
/// which the products read it, or found in that order among `PackedWeights`. Where the processor has no such kernel, the
/// matrix is used as it stands.
///
/// Keeps no reference to the matrix: it must live as long as the operand.
struct ProductOperand<S: Scalar> {
    let inner: Int
    let columns: Int
    private let matrix: UnsafePointer<S>
    private let stride: Int
    private let isTransposed: Bool
    private let precision: ProductPrecision
    private let packed: Storage<S>?

    /// B = matrix [inner, columns], or, transposed, its transpose for a matrix [columns, inner].
    init(_ matrix: UnsafePointer<S>, stride: Int, transposed: Bool, inner: Int, columns: Int) {
        (self.matrix, self.stride, isTransposed) = (matrix, stride, transposed)
        (self.inner, self.columns) = (inner, columns)
        let precision = ProductPrecision.current
        self.precision = precision
        let count = S.packedCount(inner: inner, columns: columns, precision)
        guard count > 0 else {
            packed = nil
            return
        }
        func pack() -> Storage<S> {
            let storage = Storage<S>(count: count)
            parallelFor((columns + 31) / 32, grain: max(1, 16_384 / (32 * inner))) {
                S.packPanels(
                    matrix, stride: stride, transposed: transposed, inner: inner, columns: columns, $0, precision,
                    into: storage.pointer)
            }
            return storage
        }
        packed = PackedWeights.packed(
            .init(
                .panels(precision), matrix, stride: stride, transposed: transposed, rows: inner, columns: columns), pack
        )
    }

    /// For y = x W^T: rows of a weight [out, in] as columns.
    init(rowsOf weight: Tensor<S>, _ rows: Range<Int>? = nil) {
        let inner = weight.shape.columns
        let rows = rows ?? 0..<weight.shape.rows
        self.init(
            weight.start + rows.lowerBound * inner, stride: inner, transposed: true, inner: inner, columns: rows.count)
    }

    /// For dx = g W: a weight [out, in], or some of its rows, as it is.
    init(_ weight: Tensor<S>, rows: Range<Int>? = nil) {
        let columns = weight.shape.columns
        let rows = rows ?? 0..<weight.shape.rows
        self.init(
            weight.start + rows.lowerBound * columns, stride: columns, transposed: false, inner: rows.count,
            columns: columns)
    }

    /// C [rows, columns] = A B + bias, or + C, for A [rows, inner], on the calling thread.
    ///
    /// - Parameters:
    ///   - stride: between the rows of A; `inner` when absent.
    ///   - strideC: between the rows of C; `columns` when absent.
    func product(
        _ rows: Int, _ a: UnsafePointer<S>, stride strideA: Int? = nil, bias: UnsafePointer<S>? = nil,
        adding: Bool = false, into c: UnsafeMutablePointer<S>, strideC: Int? = nil
    ) {
        let (strideA, strideC) = (strideA ?? inner, strideC ?? columns)
        if let packed {
            S.packedProduct(
                rows, columns, inner, a, stride: strideA, packed.pointer, precision, bias: bias, adding: adding,
                into: c, strideC: strideC)
            return
        }
        S.product(
            rows, columns, inner, a, strideA, transposed: false, matrix, stride, transposed: isTransposed,
            beta: adding ? 1 : 0, c, strideC)
        guard let bias else { return }
        if strideC == columns {
            S.addRow(bias, c, rows, columns)
        } else {
            for r in 0..<rows { S.addRow(bias, c + r * strideC, 1, columns) }
        }
    }

    /// The same over all threads, rows in fixed chunks; `afterRows` may finish each chunk of C while it is in the cache.
    func parallelProduct(
        _ rows: Int, _ a: UnsafePointer<S>, bias: UnsafePointer<S>? = nil, into c: UnsafeMutablePointer<S>
    ) {
        parallelFor(rows, grain: productChunkRows(rows, columns: columns, inner: inner)) { range in
            product(
                range.count, a + range.lowerBound * inner, bias: bias, into: c + range.lowerBound * columns)
        }
    }
}
