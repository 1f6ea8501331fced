import CKernels

/// What `Kernels/Reduction.swift` asks of an element type.
public protocol ReductionKernels {
    /// sums[c] = sum over rows of x[r, c]; rows are `stride` apart.
    static func sumRows(
        _ x: UnsafePointer<Self>, stride: Int, _ sums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// sums[c] += sum over rows of x[r, c].
    static func addRowSums(
        _ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// sums[r] = sum over columns of x[r, c].
    static func sumColumns(_ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    static func sumOfProduct(_ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>, _ count: Int) -> Self
    static func sumOfSquares(_ x: UnsafePointer<Self>, _ count: Int) -> Double
    static func allFinite(_ x: UnsafePointer<Self>, _ count: Int) -> Bool
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: ReductionKernels {
    public static func sumRows(
        _ x: UnsafePointer<Float>, stride: Int, _ sums: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_sum_rows(x, stride, sums, rows, columns) }

    public static func addRowSums(
        _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_add_row_sums(x, sums, rows, columns) }

    public static func sumColumns(
        _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_sum_columns(x, sums, rows, columns) }

    public static func sumOfProduct(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
        hb_sum_of_product(x, y, count)
    }

    public static func sumOfSquares(_ x: UnsafePointer<Float>, _ count: Int) -> Double { hb_sum_squares(x, count) }
    public static func allFinite(_ x: UnsafePointer<Float>, _ count: Int) -> Bool { hb_all_finite(x, count) != 0 }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: ReductionKernels {
    public static func sumRows(
        _ x: UnsafePointer<Double>, stride: Int, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for c in 0..<columns { sums[c] = 0 }
        for r in 0..<rows { for c in 0..<columns { sums[c] += x[r * stride + c] } }
    }

    public static func addRowSums(
        _ x: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) { for r in 0..<rows { for c in 0..<columns { sums[c] += x[r * columns + c] } } }

    public static func sumColumns(
        _ x: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            var sum = 0.0
            for c in 0..<columns { sum += x[r * columns + c] }
            sums[r] = sum
        }
    }

    public static func sumOfProduct(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
        (0..<count).reduce(0) { $0 + x[$1] * y[$1] }
    }

    public static func sumOfSquares(_ x: UnsafePointer<Double>, _ count: Int) -> Double {
        var sum = 0.0
        for i in 0..<count { sum += x[i] * x[i] }
        return sum
    }

    public static func allFinite(_ x: UnsafePointer<Double>, _ count: Int) -> Bool {
        for i in 0..<count where !x[i].isFinite { return false }
        return true
    }
}

/// Sums per-chunk partial rows: `body` writes `columns` sums of its rows into the given buffer, chunks of rows are
/// fixed by size, and the partial sums are added in order.
package func reduceRows<S: Scalar>(
    _ rows: Int, columns: Int, grain: Int? = nil, into sums: UnsafeMutablePointer<S>,
    _ body: (Range<Int>, UnsafeMutablePointer<S>) -> Void
) {
    let grain = grain ?? max(1, max(elementGrain / max(1, columns), (rows + 63) / 64))
    let chunks = max(1, (rows + grain - 1) / grain)
    if chunks == 1 {
        ThreadPool.current.run(chunks: 1) { _ in body(0..<rows, sums) }
        return
    }
    let partials = Storage<S>(count: chunks * columns)
    parallelFor(rows, grain: grain) { range in body(range, partials.pointer + range.lowerBound / grain * columns) }
    parallelFor(columns, grain: 1 << 14) { range in
        S.sumRows(
            partials.pointer + range.lowerBound, stride: columns, sums + range.lowerBound, chunks, range.count)
    }
}

extension Tensor {
    /// The sum over all axes but the last: [columns].
    public func summedRows() -> Tensor {
        let columns = shape.columns
        return Tensor([columns]) { sums in
            read { x in
                reduceRows(shape.rows, columns: columns, into: sums) { rows, out in
                    S.sumRows(x + rows.lowerBound * columns, stride: columns, out, rows.count, columns)
                }
            }
        }
    }

    /// The sum of all elements, a scalar; partial sums of fixed chunks are added in order.
    public func summed() -> Tensor {
        let grain = elementGrain
        let chunks = max(1, (elementCount + grain - 1) / grain)
        let partials = Storage<S>(count: chunks)
        partials.pointer[0] = 0
        read { x in
            parallelFor(elementCount, grain: grain) {
                S.sumColumns(x + $0.lowerBound, partials.pointer + $0.lowerBound / grain, 1, $0.count)
            }
        }
        return Tensor([]) { out in S.sumColumns(partials.pointer, out, 1, chunks) }
    }

    /// The sum of squares of all elements, in double precision.
    public func sumOfSquares() -> Double {
        let grain = elementGrain
        let chunks = (elementCount + grain - 1) / grain
        let partials = Storage<Double>(count: max(1, chunks))
        read { x in
            parallelFor(elementCount, grain: grain) {
                partials.pointer[$0.lowerBound / grain] = S.sumOfSquares(x + $0.lowerBound, $0.count)
            }
        }
        var sum = 0.0
        for i in 0..<chunks { sum += partials.pointer[i] }
        return sum
    }

    /// Whether no element is infinite or not a number.
    public var isFinite: Bool { read { S.allFinite($0, elementCount) } }
}

extension Tensor {
    /// The position of the largest element of each innermost row; the first one where several are equal.
    @specialized(where S == Float)
    public func argmax() -> [Int] {
        let columns = shape.columns
        return read { values in
            (0..<shape.rows).map { r in
                let row = values + r * columns
                var best = 0
                for c in 1..<max(1, columns) where row[c] > row[best] { best = c }
                return best
            }
        }
    }
}
