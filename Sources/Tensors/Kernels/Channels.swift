import CKernels

/// What `Kernels/Channels.swift` asks of an element type.
public protocol ChannelKernels {
    /// to[r, c] = from[r, c] for c < columns; rows are `fromStride` and `toStride` apart.
    static func copyColumns(
        _ from: UnsafePointer<Self>, _ fromStride: Int, _ to: UnsafeMutablePointer<Self>, _ toStride: Int,
        _ rows: Int, _ columns: Int)
    /// to[2 i] = a[i], to[2 i + 1] = b[i].
    static func interleave(
        _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ to: UnsafeMutablePointer<Self>, _ count: Int)
    /// a[i] = from[2 i], b[i] = from[2 i + 1].
    static func deinterleave(
        _ from: UnsafePointer<Self>, _ a: UnsafeMutablePointer<Self>, _ b: UnsafeMutablePointer<Self>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: ChannelKernels {
    public static func copyColumns(
        _ from: UnsafePointer<Float>, _ fromStride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int,
        _ rows: Int, _ columns: Int
    ) { hb_copy_columns(from, fromStride, to, toStride, rows, columns) }

    public static func interleave(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int
    ) { hb_interleave(a, b, to, count) }

    public static func deinterleave(
        _ from: UnsafePointer<Float>, _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, _ count: Int
    ) { hb_deinterleave(from, a, b, count) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: ChannelKernels {
    public static func copyColumns(
        _ from: UnsafePointer<Double>, _ fromStride: Int, _ to: UnsafeMutablePointer<Double>, _ toStride: Int,
        _ rows: Int, _ columns: Int
    ) { for r in 0..<rows { for c in 0..<columns { to[r * toStride + c] = from[r * fromStride + c] } } }

    public static func interleave(
        _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ to: UnsafeMutablePointer<Double>, _ count: Int
    ) { for i in 0..<count { (to[2 * i], to[2 * i + 1]) = (a[i], b[i]) } }

    public static func deinterleave(
        _ from: UnsafePointer<Double>, _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>,
        _ count: Int
    ) { for i in 0..<count { (a[i], b[i]) = (from[2 * i], from[2 * i + 1]) } }
}

extension Tensor {
    /// The channels of `range`: [.., range.count].
    public func sliced(channels range: Range<Int>) -> Tensor {
        let columns = shape.columns
        return Tensor(shape.replacing(axis: -1, with: range.count)) { out in
            read { x in
                parallelFor(shape.rows, grain: elementGrain / max(1, range.count)) { rows in
                    S.copyColumns(
                        x + rows.lowerBound * columns + range.lowerBound, columns, out + rows.lowerBound * range.count,
                        range.count, rows.count, range.count)
                }
            }
        }
    }

    /// Consecutive ranges of channels, `widths[i]` wide.
    public func split(channels widths: [Int]) -> [Tensor] {
        let columns = shape.columns
        let storages = widths.map { Storage<S>(count: shape.rows * $0) }
        read { x in
            parallelFor(shape.rows, grain: elementGrain / max(1, columns)) { rows in
                var from = x + rows.lowerBound * columns
                for (storage, width) in zip(storages, widths) {
                    S.copyColumns(
                        from, columns, storage.pointer + rows.lowerBound * width, width, rows.count, width)
                    from += width
                }
            }
        }
        return zip(storages, widths).map {
            Tensor(storage: $0, offset: 0, shape: shape.replacing(axis: -1, with: $1))
        }
    }

    /// The parts beside each other over the last axis, `widths[i]` channels each; zeros for a part that is `nil`.
    /// `shape` gives the leading axes.
    public static func concatenated(_ parts: [Tensor?], widths: [Int], like shape: Shape) -> Tensor {
        let columns = widths.reduce(0, +)
        return Tensor(shape.replacing(axis: -1, with: columns)) { out in
            withExtendedLifetime(parts) {
                parallelFor(shape.rows, grain: elementGrain / max(1, columns)) { rows in
                    var to = out + rows.lowerBound * columns
                    for (part, width) in zip(parts, widths) {
                        if let part {
                            part.read {
                                S.copyColumns(
                                    $0 + rows.lowerBound * width, width, to, columns, rows.count, width)
                            }
                        } else {
                            for r in 0..<rows.count { clear(to + r * columns, width) }
                        }
                        to += width
                    }
                }
            }
        }
    }

    /// Output channel 2i is channel i of a, channel 2i + 1 that of b.
    package static func interleaved(_ a: Tensor, _ b: Tensor) -> Tensor {
        // Whole tensors interleave as one row does, because both have the same channels.
        let count = a.elementCount
        return Tensor(a.shape.replacing(axis: -1, with: 2 * a.shape.columns)) { out in
            withElements(a, b) { a, b in
                parallelFor(count, grain: elementGrain) {
                    S.interleave(a + $0.lowerBound, b + $0.lowerBound, out + 2 * $0.lowerBound, $0.count)
                }
            }
        }
    }

    /// The even channels and the odd channels.
    package func deinterleaved() -> (Tensor, Tensor) {
        let half = shape.replacing(axis: -1, with: shape.columns / 2)
        let (a, b) = (Storage<S>(count: half.elementCount), Storage<S>(count: half.elementCount))
        read { x in
            parallelFor(half.elementCount, grain: elementGrain) {
                S.deinterleave(x + 2 * $0.lowerBound, a.pointer + $0.lowerBound, b.pointer + $0.lowerBound, $0.count)
            }
        }
        return (Tensor(storage: a, offset: 0, shape: half), Tensor(storage: b, offset: 0, shape: half))
    }
}
