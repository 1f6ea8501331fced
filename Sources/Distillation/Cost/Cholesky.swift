import Tensors

/// The factor L of a symmetric positive definite matrix A = L L^T [n, n], and solutions of A X = B with it.
///
/// Written out rather than taken from LAPACK: it is the only factorisation that the package needs, blocks of 64 over our
/// own products are as fast as the Gram matrices it follows, and there is one library less to install.
package struct Cholesky {
    private static let block = 64
    private let n: Int
    /// Row-major; only the lower triangle is meaningful.
    private let factor: Storage<Double>

    /// Factors A, whose lower triangle is read; nil when a pivot is not positive.
    package init?(_ a: Storage<Double>, size n: Int) {
        self.n = n
        factor = Storage(count: n * n)
        let l = factor.pointer
        l.update(from: a.pointer, count: n * n)
        for start in stride(from: 0, to: n, by: Cholesky.block) {
            let end = min(start + Cholesky.block, n)
            let width = end - start
            for i in start..<end {
                for j in start...i {
                    var sum = l[i * n + j]
                    for k in start..<j { sum -= l[i * n + k] * l[j * n + k] }
                    if i == j {
                        guard sum > 0, sum.isFinite else { return nil }
                        l[i * n + i] = sum.squareRoot()
                    } else {
                        l[i * n + j] = sum / l[j * n + j]
                    }
                }
            }
            // The rows below the block, then what the block's columns take from the rest of the triangle.
            parallelFor(n - end, grain: 32) { rows in
                for i in rows.lowerBound + end..<rows.upperBound + end {
                    for j in start..<end {
                        var sum = l[i * n + j]
                        for k in start..<j { sum -= l[i * n + k] * l[j * n + k] }
                        l[i * n + j] = sum / l[j * n + j]
                    }
                }
            }
            let rest = n - end
            if rest == 0 { break }
            let panel = Storage<Double>(count: rest * width)
            let negated = Storage<Double>(count: rest * width)
            for i in 0..<rest {
                for k in 0..<width {
                    panel.pointer[k * rest + i] = l[(end + i) * n + start + k]
                    negated.pointer[i * width + k] = -l[(end + i) * n + start + k]
                }
            }
            parallelFor(rest, grain: 32) { rows in
                Double.product(
                    rows.count, rows.upperBound, width, negated.pointer + rows.lowerBound * width, width,
                    transposed: false, panel.pointer, rest, transposed: false, beta: 1,
                    l + (end + rows.lowerBound) * n + end, n)
            }
        }
    }

    /// Replaces B [n, columns] by the solution X of A X = B.
    package func solve(_ b: Storage<Double>, columns: Int) {
        let (l, x, n) = (UnsafePointer(factor.pointer), b.pointer, n)
        // Every strip of columns is a problem of its own.
        parallelFor(columns, grain: 32) { strip in
            func subtract(_ row: Int, _ other: Int, times factor: Double) {
                let (to, from) = (x + row * columns, x + other * columns)
                for c in strip { to[c] -= factor * from[c] }
            }
            func divide(_ row: Int) { for c in strip { x[row * columns + c] /= l[row * n + row] } }
            for i in 0..<n {
                for k in 0..<i { subtract(i, k, times: l[i * n + k]) }
                divide(i)
            }
            for i in (0..<n).reversed() {
                for k in i + 1..<max(n, i + 1) { subtract(i, k, times: l[k * n + i]) }
                divide(i)
            }
        }
    }
}
