import Tensors
import TestSupport
import Testing

/// op(A) op(B) by three loops in double precision.
private func loop<S: Scalar>(
    _ m: Int, _ n: Int, _ k: Int, _ a: [S], _ b: [S], transposingA: Bool, transposingB: Bool
) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
        for p in 0..<k {
            let x = Double(transposingA ? a[p * m + i] : a[i * k + p])
            for j in 0..<n { c[i * n + j] += x * Double(transposingB ? b[j * k + p] : b[p * n + j]) }
        }
    }
    return c
}

private func values<S: Scalar>(_ count: Int, _ random: inout Random) -> [S] {
    (0..<count).map { _ in S(random.uniform(-1, 1)) }
}

/// max |difference| / max |reference|; infinite for NaN.
private func error<S: Scalar>(_ found: [S], _ expected: [Double]) -> Double {
    var (difference, largest) = (0.0, 1e-30)
    for (x, y) in zip(found, expected) {
        let d = abs(Double(x) - y)
        difference = d.isNaN ? .infinity : max(difference, d)
        largest = max(largest, abs(y))
    }
    return difference / largest
}

private func productError<S: Scalar>(_ m: Int, _ n: Int, _ k: Int, as type: S.Type) -> Double {
    var random = Random(seed: 1, purpose: "product", m, n * 10_000 + k)
    let a: [S] = values(m * k, &random)
    let b: [S] = values(k * n, &random)
    var largest = 0.0
    for (transposingA, transposingB) in [(false, false), (false, true), (true, false), (true, true)] {
        var c = [S](repeating: .nan, count: m * n)
        S.product(
            m, n, k, a, transposingA ? m : k, transposed: transposingA, b, transposingB ? k : n,
            transposed: transposingB, beta: 0, &c, n)
        let expected = loop(m, n, k, a, b, transposingA: transposingA, transposingB: transposingB)
        largest = max(largest, error(c, expected))
    }
    return largest
}

private func reducingError<S: Scalar>(_ m: Int, _ n: Int, _ k: Int, as type: S.Type) -> Double {
    var random = Random(seed: 2, purpose: "reducing", m, n * 100_000 + k)
    let a: [S] = values(k * m, &random)
    let b: [S] = values(k * n, &random)
    var c = [S](repeating: .nan, count: m * n)
    reducingProduct(m, n, k, a, b, into: &c)
    return error(c, loop(m, n, k, a, b, transposingA: true, transposingB: false))
}

@Suite struct MatrixProductTests {
    /// Single rows and columns, and sizes around vector widths.
    @Test(arguments: [
        [1, 1, 1], [1, 17, 5], [9, 1, 33], [7, 5, 1], [16, 16, 16], [33, 65, 31], [31, 250, 500], [32, 250, 500],
        [33, 250, 500], [65, 250, 500], [63, 250, 250], [64, 250, 250], [129, 250, 250], [5000, 3, 2],
    ])
    func productsEqualALoop(sizes: [Int]) {
        #expect(productError(sizes[0], sizes[1], sizes[2], as: Float.self) < 1e-5)
        #expect(productError(sizes[0], sizes[1], sizes[2], as: Double.self) < 1e-13)
    }

    /// Long reductions are cut into parts from 1024 rows on, 16 at most, 4 for large results.
    @Test(arguments: [
        [3, 5, 1], [8, 9, 511], [8, 9, 1023], [8, 9, 1024], [8, 9, 1025], [7, 3, 8192], [7, 3, 20_011], [1, 1, 50_000],
        [520, 510, 1100], [40, 300, 2049],
    ])
    func longReductionsEqualALoop(sizes: [Int]) {
        #expect(reducingError(sizes[0], sizes[1], sizes[2], as: Float.self) < 2e-5)
        #expect(reducingError(sizes[0], sizes[1], sizes[2], as: Double.self) < 1e-12)
    }

    /// A large result is computed by tiles, whose sums are those of a smaller one.
    @Test func tilesOfALargeResultHaveTheSumsOfASmallOne() {
        var random = Random(seed: 4, purpose: "tiles")
        let (m, n, k, some) = (1030, 1060, 1033, 250)
        let a: [Float] = values(k * m, &random)
        let b: [Float] = values(k * n, &random)
        for precision in [ProductPrecision.full, .bfloat16] {
            ProductPrecision.$current.withValue(precision) {
                var whole = [Float](repeating: .nan, count: m * n)
                reducingProduct(m, n, k, a, b, into: &whole)
                for first in [0, 130, m - some] {
                    let part = (0..<k).flatMap { (row: Int) -> ArraySlice<Float> in
                        a[row * m + first..<row * m + first + some]
                    }
                    var sums = [Float](repeating: .nan, count: some * n)
                    reducingProduct(some, n, k, part, b, into: &sums)
                    #expect(sums == Array(whole[first * n..<(first + some) * n]), "rows from \(first) on, \(precision)")
                }
            }
        }
    }

    /// A large weight is brought into order some columns at a time.
    @Test func columnsOfALargeWeightDoNotDependOnTheOthers() {
        var random = Random(seed: 5, purpose: "columns")
        let (rows, out, inner, first) = (30, 1100, 4500, 3700)
        let weight: [Float] = values(out * inner, &random)
        let g = Tensor<Float>.normal([rows, out], from: &random)
        let whole = g.linearInputGradient(Tensor([out, inner], weight)).array
        func ends(_ values: [Float], rows: Int) -> [Float] {
            (0..<rows).flatMap { row -> ArraySlice<Float> in values[row * inner + first..<(row + 1) * inner] }
        }
        let some = ends(weight, rows: out)
        let part = g.linearInputGradient(Tensor([out, inner - first], some)).array
        let expected = ends(whole, rows: rows)
        #expect(part == expected)
    }

    @Test func theNumberOfThreadsDoesNotMatter() {
        var random = Random(seed: 3, purpose: "threads")
        let layers = [(200, 250, 500), (700, 64, 300), (33, 1000, 200), (30, 1100, 4000)].map { m, n, k in
            (
                x: Tensor<Float>.normal([m, k], from: &random), w: Tensor<Float>.normal([n, k], from: &random),
                g: Tensor<Float>.normal([m, n], from: &random)
            )
        }
        let long = [(30, 40, 9000), (520, 510, 2100), (1000, 1060, 1030)].map { m, n, k in
            (m: m, n: n, k: k, a: values(k * m, &random) as [Float], b: values(k * n, &random) as [Float])
        }
        let rows = Tensor<Float>.normal([9001, 37], from: &random)
        let violations = ThreadIndependence.violations {
            var all: [[UInt32]] = []
            for layer in layers {
                for precision in [ProductPrecision.full, .bfloat16] {
                    ProductPrecision.$current.withValue(precision) {
                        for result in [
                            layer.x.linear(layer.w, nil), layer.g.linearInputGradient(layer.w),
                            layer.g.linearWeightGradient(layer.x),
                        ] { all.append(result.bits) }
                    }
                }
            }
            for product in long {
                var c = [Float](repeating: 0, count: product.m * product.n)
                reducingProduct(product.m, product.n, product.k, product.a, product.b, into: &c)
                all.append(c.map(\.bitPattern))
            }
            return all + [rows.summed().bits, rows.summedRows().bits]
        }
        #expect(violations == [])
    }
}
