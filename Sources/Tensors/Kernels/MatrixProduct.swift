import CKernels
import COneDNN

public protocol MatrixProductKernels {
    /// Row-major C = op(A) op(B) + beta C, m x n with inner extent k, on the calling thread.
    static func product(
        _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Self>, _ strideA: Int, transposed transposeA: Bool,
        _ b: UnsafePointer<Self>, _ strideB: Int, transposed transposeB: Bool, beta: Self,
        _ c: UnsafeMutablePointer<Self>, _ strideC: Int)
}

extension Float: MatrixProductKernels {
    public static func product(
        _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ strideA: Int, transposed transposeA: Bool,
        _ b: UnsafePointer<Float>, _ strideB: Int, transposed transposeB: Bool, beta: Float,
        _ c: UnsafeMutablePointer<Float>, _ strideC: Int
    ) {
        let plain = CChar(UInt8(ascii: "N"))
        let transposed = CChar(UInt8(ascii: "T"))
        let status = dnnl_sgemm(
            transposeA ? transposed : plain, transposeB ? transposed : plain, dnnl_dim_t(m), dnnl_dim_t(n),
            dnnl_dim_t(k), 1, a, dnnl_dim_t(strideA), b, dnnl_dim_t(strideB), beta, c, dnnl_dim_t(strideC))
        require(status == dnnl_success, "matrix product", "oneDNN refused \(m) x \(n) x \(k) with status \(status)")
    }
}

extension Double: MatrixProductKernels {
    public static func product(
        _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Double>, _ strideA: Int, transposed transposeA: Bool,
        _ b: UnsafePointer<Double>, _ strideB: Int, transposed transposeB: Bool, beta: Double,
        _ c: UnsafeMutablePointer<Double>, _ strideC: Int
    ) {
        hb_matrix_product_double(
            transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, 1, a, strideA, b, strideB, beta, c, strideC)
    }
}

/// Rows of work that make a chunk of about four million multiply-adds: enough to hide the hand-off, small enough to
/// share evenly. A function of the sizes alone.
func productChunkRows(columns: Int, inner: Int) -> Int {
    let rows = 4_000_000 / max(1, columns * inner)
    return max(32, min(rows, 4096) / 32 * 32)
}

/// C [m, n] = op(A) op(B) over all threads, rows in fixed chunks; `afterRows` may finish each chunk of C (a bias, say)
/// while it is in the cache.
public func matrixProduct<S: Scalar>(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>,
    transposingA: Bool = false, transposingB: Bool = false, into c: UnsafeMutablePointer<S>,
    afterRows: ((Range<Int>) -> Void)? = nil
) {
    parallelFor(m, grain: productChunkRows(columns: n, inner: k)) { rows in
        S.product(
            rows.count, n, k, transposingA ? a + rows.lowerBound : a + rows.lowerBound * k, transposingA ? m : k,
            transposed: transposingA, b, transposingB ? k : n, transposed: transposingB, beta: 0,
            c + rows.lowerBound * n, n)
        afterRows?(rows)
    }
}

/// C [m, n] = A^T B for A [k, m] and B [k, n]: the shape of weight gradients, where k is long. The reduction is cut
/// into fixed chunks that are summed in order.
public func reducingProduct<S: Scalar>(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, into c: UnsafeMutablePointer<S>
) {
    let most = m * n > 1 << 18 ? 4 : 16
    let chunks = max(1, min(most, k / 512))
    if chunks == 1 {
        matrixProduct(m, n, k, a, b, transposingA: true, into: c)
        return
    }
    let partials = Storage<S>(count: chunks * m * n)
    let grain = (k + chunks - 1) / chunks
    parallelFor(k, grain: grain) { rows in
        S.product(
            m, n, rows.count, a + rows.lowerBound * m, m, transposed: true, b + rows.lowerBound * n, n,
            transposed: false, beta: 0, partials.pointer + rows.lowerBound / grain * m * n, n)
    }
    let used = (k + grain - 1) / grain
    parallelFor(m * n, grain: 1 << 14) { range in
        S.sumRows(partials.pointer + range.lowerBound, stride: m * n, c + range.lowerBound, used, range.count)
    }
}
