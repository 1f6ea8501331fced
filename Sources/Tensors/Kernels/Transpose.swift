import CKernels

/// What `Kernels/Transpose.swift` asks of an element type.
public protocol TransposeKernels {
    /// y[r * rowY + c] = x[r * rowX + c * columnX].
    static func copyStrided(
        _ x: UnsafePointer<Self>, _ rowX: Int, _ columnX: Int, _ y: UnsafeMutablePointer<Self>, _ rowY: Int,
        _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: TransposeKernels {
    public static func copyStrided(
        _ x: UnsafePointer<Float>, _ rowX: Int, _ columnX: Int, _ y: UnsafeMutablePointer<Float>, _ rowY: Int,
        _ rows: Int, _ columns: Int
    ) { hb_copy_strided(x, rowX, columnX, y, rowY, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: TransposeKernels {
    public static func copyStrided(
        _ x: UnsafePointer<Double>, _ rowX: Int, _ columnX: Int, _ y: UnsafeMutablePointer<Double>, _ rowY: Int,
        _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows { for c in 0..<columns { y[r * rowY + c] = x[r * rowX + c * columnX] } }
    }
}

/// The walk of a permuted copy: the axes of the result, merged where they stay together, two of them the rows and
/// columns of blocks.
private struct TransposePlan {
    struct Axis {
        var extent: Int
        var from: Int
        var to: Int
    }
    var outer: [Axis] = []
    var rows = Axis(extent: 1, from: 0, to: 0)
    var columns = Axis(extent: 1, from: 1, to: 1)

    init(_ shape: Shape, _ axes: [Int]) {
        var strides = [Int](repeating: 1, count: shape.rank)
        for axis in (0..<max(0, shape.rank - 1)).reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        var merged: [Axis] = []
        var to = 1
        for axis in axes.reversed() where shape[axis] != 1 {
            if let inner = merged.last, strides[axis] == inner.from * inner.extent {
                merged[merged.count - 1].extent *= shape[axis]
            } else {
                merged.append(Axis(extent: shape[axis], from: strides[axis], to: to))
            }
            to *= shape[axis]
        }
        guard !merged.isEmpty else { return }
        columns = merged.removeFirst()
        guard !merged.isEmpty else { return }
        // With columns that jump through the source, rows along which it runs on make blocks that a cache holds.
        rows = merged.remove(at: columns.from == 1 ? 0 : merged.firstIndex { $0.from == 1 } ?? 0)
        outer = merged
    }
}

extension Tensor {
    /// The axes in another order: axis i of the result is axis `axes[i]` of this tensor.
    public func transposed(_ axes: [Int]) -> Tensor {
        require(
            axes.sorted() == Array(0..<shape.rank), "transpose", [shape],
            "\(axes) must name each of the \(shape.rank) axes once")
        let plan = TransposePlan(shape, axes)
        let (rows, columns) = (plan.rows, plan.columns)
        let blocks = plan.outer.reduce(1) { $0 * $1.extent }
        return Tensor(Shape(axes.map { shape[$0] })) { y in
            read { x in
                parallelFor(blocks * rows.extent, grain: max(1, elementGrain / max(1, columns.extent))) { range in
                    var start = range.lowerBound
                    while start < range.upperBound {
                        var block = start / rows.extent
                        let row = start % rows.extent
                        let count = min(range.upperBound - start, rows.extent - row)
                        start += count
                        var from = row * rows.from
                        var to = row * rows.to
                        for axis in plan.outer {
                            from += block % axis.extent * axis.from
                            to += block % axis.extent * axis.to
                            block /= axis.extent
                        }
                        S.copyStrided(
                            x + from, rows.from, columns.from, y + to, rows.to, count, columns.extent)
                    }
                }
            }
        }
    }
}
