import Tensors

/// Brings the singular values of a matrix near 1 without a decomposition: five steps of a quintic polynomial,
/// X = a X + (b A + c A^2) X with A = X X^T, on X / |X|; Jordan et al., Muon (2024), whose coefficients leave values between
/// about 0.7 and 1.2.
package enum NewtonSchulz {
    /// a, b, c.
    static let coefficients = (3.4445, -4.7750, 2.0315)
    /// The least norm that is divided by.
    static let smallestNorm = 1e-7

    /// Replaces a matrix [rows, columns]; the shorter side's products are taken. The order of all sums depends on the shape
    /// alone, as rows go to threads in blocks of a fixed size.
    package static func orthogonalize<S: Scalar>(
        _ matrix: UnsafeMutablePointer<S>, rows: Int, columns: Int, iterations: Int
    ) {
        let (count, side) = (rows * columns, min(rows, columns))
        let next = Storage<S>(count: count)
        let gram = Storage<S>(count: side * side)
        let polynomial = Storage<S>(count: side * side)
        normalize(matrix, count, into: next.pointer)
        var (x, y) = (next.pointer, matrix)
        let (g, p) = (gram.pointer, polynomial.pointer)
        let isWide = rows <= columns
        let (a, b, c) = coefficients
        for _ in 0..<iterations {
            // A = X X^T, or X^T X where there are fewer columns.
            blocks(side, columns: side, inner: max(rows, columns)) { first, count in
                S.product(
                    count, side, max(rows, columns), isWide ? x + first * columns : x + first, columns,
                    transposed: !isWide, x, columns, transposed: isWide, beta: 0, g + first * side, side)
            }
            blocks(side, columns: side, inner: side) { first, count in
                let to = p + first * side
                S.product(
                    count, side, side, g + first * side, side, transposed: false, g, side, transposed: false, beta: 0,
                    to, side)
                S.combine(to, g + first * side, count * side, own: c, other: b)
            }
            blocks(rows, columns: columns, inner: side) { first, count in
                let to = y + first * columns
                to.update(from: x + first * columns, count: count * columns)
                S.product(
                    count, columns, side, isWide ? p + first * side : x + first * columns, side, transposed: false,
                    isWide ? x : p, columns, transposed: false, beta: S(a), to, columns)
            }
            swap(&x, &y)
        }
        if x != matrix { matrix.update(from: x, count: count) }
    }

    /// Multiply-adds of one matrix.
    static func work(_ stack: MatrixStack, iterations: Int) -> Int {
        let (side, length) = (min(stack.rows, stack.columns), max(stack.rows, stack.columns))
        return iterations * side * side * (2 * length + side)
    }

    /// X / |X|.
    private static func normalize<S: Scalar>(
        _ x: UnsafeMutablePointer<S>, _ count: Int, into normalized: UnsafeMutablePointer<S>
    ) {
        let chunks = (count + elementGrain - 1) / elementGrain
        let squares = Storage<Double>(count: chunks)
        let partial = squares.pointer
        parallelFor(count, grain: elementGrain) {
            partial[$0.lowerBound / elementGrain] = S.sumOfSquares(x + $0.lowerBound, $0.count)
        }
        var sum = 0.0
        for i in 0..<chunks { sum += partial[i] }
        let factor = S(1 / max(sum.squareRoot(), smallestNorm))
        parallelFor(count, grain: elementGrain) {
            S.scale(x + $0.lowerBound, factor, normalized + $0.lowerBound, $0.count)
        }
    }

    /// Rows of a product in blocks of about a million multiply-adds, in parallel.
    private static func blocks(_ rows: Int, columns: Int, inner: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        let grain = max(8, min(rows, 1_000_000 / max(1, columns * inner)) / 8 * 8)
        parallelFor(rows, grain: grain) { body($0.lowerBound, $0.count) }
    }
}
