import CKernels
import COneDNN

/// What `Kernels/MatrixProduct.swift` asks of an element type.
public protocol MatrixProductKernels {
    /// Row-major C = op(A) op(B) + beta C, m x n with inner extent k, on the calling thread.
    static func product(
        _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Self>, _ strideA: Int, transposed transposeA: Bool,
        _ b: UnsafePointer<Self>, _ strideB: Int, transposed transposeB: Bool, beta: Self,
        _ c: UnsafeMutablePointer<Self>, _ strideC: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
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

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
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
func productChunkRows(_ rows: Int, columns: Int, inner: Int) -> Int {
    sharedBlockRows(rows, most: max(48, min(4096, 4_000_000 / max(1, columns * inner)) / 12 * 12))
}

/// C [m, n] = A^T B for A [k, m] and B [k, n]: the shape of weight gradients. A long reduction is cut into fixed chunks
/// that are summed in order; a short one leaves the rows of C to share.
package func reducingProduct<S: Scalar>(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, into c: UnsafeMutablePointer<S>
) {
    let precision = ProductPrecision.current
    // Rows of both operands that stay in the second-level cache.
    let block = max(48, 131_072 / max(1, m + n))
    let most = m * n > 1 << 18 ? 4 : 16
    let chunks = max(1, min(most, k / 512))
    if chunks == 1 {
        parallelFor(m, grain: evenBlockRows(m, most: max(12, 4_000_000 / max(1, n * k) / 12 * 12))) { rows in
            let to = c + rows.lowerBound * n
            clear(to, rows.count * n)
            forEachBlock(0..<k, block) { inner in
                S.addTransposedProduct(
                    rows.count, n, inner.count, a + inner.lowerBound * m + rows.lowerBound, strideA: m,
                    b + inner.lowerBound * n, strideB: n, precision, into: to, strideC: n)
            }
        }
        return
    }
    let grain = (k + chunks - 1) / chunks
    if m * n > 1 << 20 {
        tiledReducingProduct(m, n, k, a, b, grain: grain, precision, into: c)
        return
    }
    reduceRows(k, columns: m * n, grain: grain, into: c) { chunk, partial in
        clear(partial, m * n)
        forEachBlock(chunk, block) { rows in
            S.addTransposedProduct(
                m, n, rows.count, a + rows.lowerBound * m, b + rows.lowerBound * n, precision, into: partial)
        }
    }
}

/// The same sums for a C that no cache holds: tiles of it, whose sums over each chunk stay in a second-level cache and need no
/// room beside C.
private func tiledReducingProduct<S: Scalar>(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, grain: Int,
    _ precision: ProductPrecision, into c: UnsafeMutablePointer<S>
) {
    let (height, width, block) = (120, 1024, 96)
    let (across, chunks) = (chunkCount(n, grain: width), chunkCount(k, grain: grain))
    let tiles = across * chunkCount(m, grain: height)
    let size = min(m, height) * min(n, width)
    reserveScratch(S.self, chunks * size, chunks: tiles)
    parallelFor(tiles, grain: 1) { tile in
        let rows = tile.lowerBound / across * height..<min(m, (tile.lowerBound / across + 1) * height)
        let columns = tile.lowerBound % across * width..<min(n, (tile.lowerBound % across + 1) * width)
        let partials = Storage<S>(count: chunks * size)
        clear(partials.pointer, chunks * size)
        for chunk in 0..<chunks {
            forEachBlock(chunk * grain..<min(k, (chunk + 1) * grain), block) { inner in
                S.addTransposedProduct(
                    rows.count, columns.count, inner.count, a + inner.lowerBound * m + rows.lowerBound, strideA: m,
                    b + inner.lowerBound * n + columns.lowerBound, strideB: n, precision,
                    into: partials.pointer + chunk * size, strideC: columns.count)
            }
        }
        for row in 0..<rows.count {
            S.sumRows(
                partials.pointer + row * columns.count, stride: size,
                c + (rows.lowerBound + row) * n + columns.lowerBound, chunks, columns.count)
        }
    }
}
