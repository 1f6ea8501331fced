import CKernels

/// What `Kernels/Rows.swift` asks of an element type.
public protocol RowKernels {
    /// Row places[i] of dx += row i of g, in order, for some of the columns.
    static func scatterRows(
        _ g: UnsafePointer<Self>, _ places: UnsafePointer<Int32>, _ rows: Int, _ columns: Int, some: Range<Int>,
        _ dx: UnsafeMutablePointer<Self>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: RowKernels {
    public static func scatterRows(
        _ g: UnsafePointer<Float>, _ places: UnsafePointer<Int32>, _ rows: Int, _ columns: Int, some: Range<Int>,
        _ dx: UnsafeMutablePointer<Float>
    ) { hb_scatter_rows(g, places, rows, columns, some.lowerBound, some.count, dx) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: RowKernels {
    public static func scatterRows(
        _ g: UnsafePointer<Double>, _ places: UnsafePointer<Int32>, _ rows: Int, _ columns: Int, some: Range<Int>,
        _ dx: UnsafeMutablePointer<Double>
    ) { hb_scatter_rows_double(g, places, rows, columns, some.lowerBound, some.count, dx) }
}

extension Tensor {
    /// The rows, [R, ..], at some indices, in their order.
    package func gatheredRows(_ indices: [Int32]) -> Tensor {
        let result = shape.replacing(axis: 0, with: indices.count)
        let run = elementCount / max(1, shape[0])
        return Tensor(result) { out in
            withPlaces(indices) { places in
                read { x in
                    parallelFor(indices.count, grain: max(1, elementGrain / max(1, run))) {
                        hb_gather_runs(
                            x, out + $0.lowerBound * run, places + $0.lowerBound, $0.count,
                            run * MemoryLayout<S>.stride)
                    }
                }
            }
        }
    }

    /// For self = g [indices.count, ..]: the sums of the rows of g at each index, of a shape [R, ..], added in order.
    package func scatteredRows(_ indices: [Int32], input: Shape) -> Tensor {
        let run = input.elementCount / max(1, input[0])
        return Tensor(input) { dx in
            parallelFor(input.elementCount, grain: elementGrain) { clear(dx + $0.lowerBound, $0.count) }
            withPlaces(indices) { places in
                read { g in
                    // Columns are cut where rows are long, so that each sum has its order whatever the threads.
                    parallelFor(run, grain: max(256, elementGrain / max(1, indices.count))) {
                        S.scatterRows(g, places, indices.count, run, some: $0, dx)
                    }
                }
            }
        }
    }

    /// Lends indices, if there are any.
    private func withPlaces(_ indices: [Int32], _ body: (UnsafePointer<Int32>) -> Void) {
        indices.withUnsafeBufferPointer { if let start = $0.baseAddress, !$0.isEmpty { body(start) } }
    }
}
