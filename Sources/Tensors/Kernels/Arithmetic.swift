import CKernels

/// The arithmetic that combines two tensors element by element, sizes of 1 stretched as in NumPy.
public enum BinaryFunction: String, CaseIterable, Sendable {
    case add, subtract, multiply, divide
}

/// What `Kernels/Arithmetic.swift` asks of an element type.
public protocol BroadcastKernels {
    /// out[r, c] = a op b; a has row stride `rowA` and column stride `columnA` (0 or 1), b likewise.
    static func combine(
        _ f: BinaryFunction, _ a: UnsafePointer<Self>, _ rowA: Int, _ columnA: Int, _ b: UnsafePointer<Self>,
        _ rowB: Int, _ columnB: Int, _ out: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// y[r, c] += row[c].
    static func addRow(_ row: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// y = x times `row`, row by row; y may be x.
    static func multiplyRows(
        _ x: UnsafePointer<Self>, _ row: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: BroadcastKernels {
    public static func combine(
        _ f: BinaryFunction, _ a: UnsafePointer<Float>, _ rowA: Int, _ columnA: Int, _ b: UnsafePointer<Float>,
        _ rowB: Int, _ columnB: Int, _ out: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) {
        switch f {
        case .add: hb_add(a, rowA, columnA, b, rowB, columnB, out, rows, columns)
        case .subtract: hb_subtract(a, rowA, columnA, b, rowB, columnB, out, rows, columns)
        case .multiply: hb_multiply(a, rowA, columnA, b, rowB, columnB, out, rows, columns)
        case .divide: hb_divide(a, rowA, columnA, b, rowB, columnB, out, rows, columns)
        }
    }

    public static func multiplyRows(
        _ x: UnsafePointer<Float>, _ row: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int,
        _ columns: Int
    ) { hb_multiply_rows(x, row, y, rows, columns) }

    public static func addRow(
        _ row: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_add_row(row, y, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: BroadcastKernels {
    public static func multiplyRows(
        _ x: UnsafePointer<Double>, _ row: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ rows: Int,
        _ columns: Int
    ) { for i in 0..<rows * columns { y[i] = x[i] * row[i % columns] } }

    public static func addRow(
        _ row: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) { for r in 0..<rows { for c in 0..<columns { y[r * columns + c] += row[c] } } }

    public static func combine(
        _ f: BinaryFunction, _ a: UnsafePointer<Double>, _ rowA: Int, _ columnA: Int, _ b: UnsafePointer<Double>,
        _ rowB: Int, _ columnB: Int, _ out: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            for c in 0..<columns {
                let x = a[r * rowA + c * columnA]
                let y = b[r * rowB + c * columnB]
                switch f {
                case .add: out[r * columns + c] = x + y
                case .subtract: out[r * columns + c] = x - y
                case .multiply: out[r * columns + c] = x * y
                case .divide: out[r * columns + c] = x / y
                }
            }
        }
    }
}

/// How two shapes stretch over each other: the axes of the result, merged where both operands run on, with a stride of
/// 0 wherever an operand repeats.
public struct BroadcastPlan: Sendable {
    /// That of the result.
    public let shape: Shape
    /// Extents and element strides, outermost first; never empty.
    let axes: [(extent: Int, a: Int, b: Int)]

    /// `nil` when the shapes do not fit each other.
    public init?(_ a: Shape, _ b: Shape) {
        let rank = max(a.rank, b.rank)
        var dimensions = [Int](repeating: 1, count: rank)
        var merged: [(extent: Int, a: Int, b: Int)] = []
        var strideA = 1
        var strideB = 1
        for axis in 0..<rank {
            let extentA = axis < a.rank ? a[a.rank - 1 - axis] : 1
            let extentB = axis < b.rank ? b[b.rank - 1 - axis] : 1
            guard extentA == extentB || extentA == 1 || extentB == 1 else { return nil }
            let extent = extentA == 1 ? extentB : extentA
            dimensions[rank - 1 - axis] = extent
            if extent != 1 {
                let stepA = extentA == 1 ? 0 : strideA
                let stepB = extentB == 1 ? 0 : strideB
                if let inner = merged.last, stepA == inner.a * inner.extent, stepB == inner.b * inner.extent {
                    merged[merged.count - 1].extent *= extent
                } else {
                    merged.append((extent, stepA, stepB))
                }
            }
            strideA *= extentA
            strideB *= extentB
        }
        shape = Shape(dimensions)
        axes = merged.isEmpty ? [(1, 1, 1)] : merged.reversed()
    }

    /// Calls `body` with (result offset, a offset, b offset) of each block of the two innermost axes.
    func forEachBlock(_ body: (Int, Int, Int) -> Void) {
        let outer = axes.dropLast(2)
        let block = axes.suffix(2).reduce(1) { $0 * $1.extent }
        let blocks = outer.reduce(1) { $0 * $1.extent }
        for i in 0..<blocks {
            var rest = i
            var a = 0
            var b = 0
            for axis in outer.reversed() {
                let index = rest % axis.extent
                rest /= axis.extent
                a += index * axis.a
                b += index * axis.b
            }
            body(i * block, a, b)
        }
    }
}

extension Tensor {
    /// self op other with broadcasting.
    package func combined(_ f: BinaryFunction, _ other: Tensor) -> Tensor {
        guard let plan = BroadcastPlan(shape, other.shape) else {
            brokenRule(f.rawValue, [shape, other.shape], "each extent must be equal or 1, counted from the last axis")
        }
        let inner = plan.axes[plan.axes.count - 1]
        let outer = plan.axes.count > 1 ? plan.axes[plan.axes.count - 2] : (extent: 1, a: 0, b: 0)
        return Tensor(plan.shape) { out in
            withElements(self, other) { a, b in
                plan.forEachBlock { to, fromA, fromB in
                    if outer.extent == 1 {
                        parallelFor(inner.extent, grain: elementGrain) { range in
                            let i = range.lowerBound
                            S.combine(
                                f, a + fromA + i * inner.a, 0, inner.a, b + fromB + i * inner.b, 0, inner.b,
                                out + to + i, 1, range.count)
                        }
                    } else {
                        parallelFor(outer.extent, grain: max(1, elementGrain / inner.extent)) { range in
                            let i = range.lowerBound
                            S.combine(
                                f, a + fromA + i * outer.a, outer.a, inner.a, b + fromB + i * outer.b, outer.b,
                                inner.b, out + to + i * inner.extent, range.count, inner.extent)
                        }
                    }
                }
            }
        }
    }

    /// Sums over the axes along which a tensor of `target` shape was stretched to this one's shape: the adjoint of
    /// broadcasting.
    public func summed(to target: Shape) -> Tensor {
        if target == shape { return self }
        if target.elementCount == elementCount { return reshaped(target) }
        if target.elementCount == 1 { return summed().reshaped(target) }
        if target.elementCount == shape.columns, target.columns == shape.columns {
            return summedRows().reshaped(target)
        }
        guard let plan = BroadcastPlan(shape, target), plan.shape == shape else {
            brokenRule("sum", [shape, target], "the second shape must stretch to the first")
        }
        return Tensor(target) { out in
            clear(out, target.elementCount)
            read { x in
                let inner = plan.axes[plan.axes.count - 1]
                let outer = plan.axes.count > 1 ? plan.axes[plan.axes.count - 2] : (extent: 1, a: 0, b: 0)
                var blocks: [(from: Int, to: Int)] = []
                plan.forEachBlock { _, from, to in blocks.append((from, to)) }
                // Blocks that add to the same sums follow each other.
                let areApart = plan.axes.dropLast(2).allSatisfy { $0.b != 0 }
                let grain = areApart ? max(1, elementGrain / max(1, outer.extent * inner.extent)) : blocks.count
                parallelFor(blocks.count, grain: grain) { some in
                    for (from, to) in blocks[some] {
                        if inner.b == 1, outer.b == 0, outer.a == inner.extent {
                            S.addRowSums(x + from, out + to, outer.extent, inner.extent)
                            continue
                        }
                        for r in 0..<outer.extent {
                            let row = x + from + r * outer.a
                            let sums = out + to + r * outer.b
                            if inner.b == 1 {
                                S.accumulate(row, sums, inner.extent)
                            } else {
                                var sum: S = 0
                                S.sumColumns(row, &sum, 1, inner.extent)
                                sums[0] += sum
                            }
                        }
                    }
                }
            }
        }
    }

    /// The sum, sizes of 1 stretched.
    public static func + (a: Tensor, b: Tensor) -> Tensor { a.combined(.add, b) }
    /// The difference, sizes of 1 stretched.
    public static func - (a: Tensor, b: Tensor) -> Tensor { a.combined(.subtract, b) }
    /// The product element by element, sizes of 1 stretched.
    public static func * (a: Tensor, b: Tensor) -> Tensor { a.combined(.multiply, b) }
    /// The quotient, sizes of 1 stretched.
    public static func / (a: Tensor, b: Tensor) -> Tensor { a.combined(.divide, b) }
}
