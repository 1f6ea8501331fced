import CKernels

/// What `Kernels/ReluLinearRow.swift` asks of an element type.
public protocol ReluLinearRowKernels {
    /// y = max(x, 0) . w + bias for each row of x.
    static func reluLinearRow(
        _ x: UnsafePointer<Self>, _ w: UnsafePointer<Self>, bias: Self, _ y: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
    /// x becomes g w where it was above 0, and 0 elsewhere; dw = the sum over the rows of g max(x, 0), x as it was.
    static func reluLinearRowGradient(
        _ x: UnsafeMutablePointer<Self>, _ g: UnsafePointer<Self>, _ w: UnsafePointer<Self>,
        _ dw: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: ReluLinearRowKernels {
    public static func reluLinearRow(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: Float, _ y: UnsafeMutablePointer<Float>,
        _ rows: Int, _ columns: Int
    ) { hb_relu_linear_row(x, w, bias, y, rows, columns) }

    public static func reluLinearRowGradient(
        _ x: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
        _ dw: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_relu_linear_row_gradient(x, g, w, dw, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: ReluLinearRowKernels {
    public static func reluLinearRow(
        _ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>, bias: Double, _ y: UnsafeMutablePointer<Double>,
        _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            y[r] = bias
            for c in 0..<columns { y[r] += max(x[r * columns + c], 0) * w[c] }
        }
    }

    public static func reluLinearRowGradient(
        _ x: UnsafeMutablePointer<Double>, _ g: UnsafePointer<Double>, _ w: UnsafePointer<Double>,
        _ dw: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for c in 0..<columns { dw[c] = 0 }
        for i in 0..<rows * columns {
            let (row, column) = (i / columns, i % columns)
            dw[column] += g[row] * max(x[i], 0)
            x[i] = x[i] > 0 ? g[row] * w[column] : 0
        }
    }
}

extension Tensor {
    /// For self = x [N, .., in], W [out, in], b [out], and of each sample the row of W that it meets:
    /// max(x, 0) . W[row] + b[row], [N, .., 1].
    package func reluLinearRow(_ weight: Tensor, _ bias: Tensor?, _ choice: [Int32]) -> Tensor {
        let (samples, columns) = (shape[0], shape.columns)
        let rows = shape.rows / max(1, samples)
        return Tensor(shape.replacing(axis: -1, with: 1)) { y in
            Tensor.readAny(bias) { bias in
                withElements(self, weight) { x, w in
                    // Rows of all samples, cut where a sample ends.
                    parallelFor(samples * rows, grain: max(1, elementGrain / max(1, columns))) { range in
                        var row = range.lowerBound
                        while row < range.upperBound {
                            let sample = row / rows
                            let count = min(range.upperBound, (sample + 1) * rows) - row
                            let own = Int(choice[sample])
                            S.reluLinearRow(
                                x + row * columns, w + own * columns, bias: bias?[own] ?? 0, y + row, count, columns)
                            row += count
                        }
                    }
                }
            }
        }
    }

    /// For self = x, as above, and g [N, .., 1]: puts the gradient of x in its place, in this tensor's own memory when nobody
    /// else can see it.
    /// - Returns: the gradient of the row of W that each sample met, [N, in].
    package mutating func becomeReluLinearRowGradient(_ weight: Tensor, _ gradient: Tensor, _ choice: [Int32]) -> Tensor
    {
        let (samples, columns) = (shape[0], shape.columns)
        let rows = shape.rows / max(1, samples)
        if !isKnownUniquelyReferenced(&storage) { self = Tensor(shape) { copy(into: $0) } }
        let target = storage.pointer + offset
        return Tensor([samples, columns]) { dw in
            withElements(gradient, weight) { g, w in
                parallelFor(samples, grain: max(1, elementGrain / max(1, rows * columns))) { range in
                    for sample in range {
                        S.reluLinearRowGradient(
                            target + sample * rows * columns, g + sample * rows, w + Int(choice[sample]) * columns,
                            dw + sample * columns, rows, columns)
                    }
                }
            }
        }
    }

    /// The sums over all axes but the first, [N, 1].
    package func sampleSums() -> Tensor {
        let (samples, size) = (shape[0], elementCount / max(1, shape[0]))
        return Tensor([samples, 1]) { sums in
            read { x in
                parallelFor(samples, grain: max(1, elementGrain / max(1, size))) {
                    S.sumColumns(x + $0.lowerBound * size, sums + $0.lowerBound, $0.count, size)
                }
            }
        }
    }
}
