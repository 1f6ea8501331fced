import CKernels

/// What `Kernels/LayerNorm.swift` asks of an element type.
public protocol LayerNormKernels {
    /// y = (x - mean) inverse * gain + bias over rows; writes the mean and the inverse deviation of each row.
    static func layerNorm(
        _ x: UnsafePointer<Self>, _ gain: UnsafePointer<Self>, _ bias: UnsafePointer<Self>, _ epsilon: Double,
        _ y: UnsafeMutablePointer<Self>, _ mean: UnsafeMutablePointer<Self>, _ inverse: UnsafeMutablePointer<Self>,
        _ rows: Int, _ columns: Int)
    /// dx, and sums = [sum of g (x - mean) inverse, sum of g] over the rows.
    static func layerNormGradient(
        _ x: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ gain: UnsafePointer<Self>, _ mean: UnsafePointer<Self>,
        _ inverse: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ sums: UnsafeMutablePointer<Self>,
        _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: LayerNormKernels {
    public static func layerNorm(
        _ x: UnsafePointer<Float>, _ gain: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ epsilon: Double,
        _ y: UnsafeMutablePointer<Float>, _ mean: UnsafeMutablePointer<Float>, _ inverse: UnsafeMutablePointer<Float>,
        _ rows: Int, _ columns: Int
    ) { hb_layer_norm(x, gain, bias, Float(epsilon), y, mean, inverse, rows, columns) }

    public static func layerNormGradient(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ gain: UnsafePointer<Float>,
        _ mean: UnsafePointer<Float>, _ inverse: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
        _ sums: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_layer_norm_gradient(x, g, gain, mean, inverse, dx, sums, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: LayerNormKernels {
    public static func layerNorm(
        _ x: UnsafePointer<Double>, _ gain: UnsafePointer<Double>, _ bias: UnsafePointer<Double>, _ epsilon: Double,
        _ y: UnsafeMutablePointer<Double>, _ mean: UnsafeMutablePointer<Double>,
        _ inverse: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            let row = UnsafeBufferPointer(start: x + r * columns, count: columns)
            let center = row.reduce(0, +) / Double(columns)
            let variance = row.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(columns)
            let scale = 1 / (variance + epsilon).squareRoot()
            for c in 0..<columns { y[r * columns + c] = (row[c] - center) * scale * gain[c] + bias[c] }
            mean[r] = center
            inverse[r] = scale
        }
    }

    public static func layerNormGradient(
        _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ gain: UnsafePointer<Double>,
        _ mean: UnsafePointer<Double>, _ inverse: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>,
        _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for c in 0..<2 * columns { sums[c] = 0 }
        for r in 0..<rows {
            var (constant, slope) = (0.0, 0.0)
            for i in r * columns..<(r + 1) * columns {
                let c = i - r * columns
                let normalized = (x[i] - mean[r]) * inverse[r]
                constant += g[i] * gain[c] / Double(columns)
                slope += g[i] * gain[c] * normalized / Double(columns)
                sums[c] += g[i] * normalized
                sums[columns + c] += g[i]
            }
            for i in r * columns..<(r + 1) * columns {
                let normalized = (x[i] - mean[r]) * inverse[r]
                dx[i] = (g[i] * gain[i - r * columns] - constant - normalized * slope) * inverse[r]
            }
        }
    }
}

extension Tensor {
    /// (x - mean) / sqrt(variance + epsilon) * gain + bias over the last axis, the variance biased; and the mean and
    /// the inverse deviation of each row, [2, rows].
    package func layerNormalized(
        _ gain: Tensor, _ bias: Tensor, epsilon: Double
    ) -> (output: Tensor, statistics: Tensor) {
        let (rows, columns) = (shape.rows, shape.columns)
        let statistics = Storage<S>(count: 2 * rows)
        let output = Tensor(shape) { y in
            withElements(self, gain, bias) { x, gain, bias in
                parallelFor(rows, grain: max(1, elementGrain / max(1, columns))) { range in
                    let r = range.lowerBound
                    S.layerNorm(
                        x + r * columns, gain, bias, epsilon, y + r * columns, statistics.pointer + r,
                        statistics.pointer + rows + r, range.count, columns)
                }
            }
        }
        return (output, Tensor(storage: statistics, offset: 0, shape: [2, rows]))
    }

    /// For self = x: the gradients of x, gain and bias, in one pass over the rows.
    package func layerNormalizedGradient(
        _ g: Tensor, _ gain: Tensor, statistics: Tensor
    ) -> (input: Tensor, gain: Tensor, bias: Tensor) {
        let (rows, columns) = (shape.rows, shape.columns)
        let sums = Storage<S>(count: 2 * columns)
        let input = Tensor(shape) { dx in
            withElements(self, g, gain, statistics) { x, g, gain, statistics in
                reduceRows(rows, columns: 2 * columns, into: sums.pointer) { range, partial in
                    let r = range.lowerBound
                    S.layerNormGradient(
                        x + r * columns, g + r * columns, gain, statistics + r, statistics + rows + r,
                        dx + r * columns, partial, range.count, columns)
                }
            }
        }
        return (
            input, Tensor(storage: sums, offset: 0, shape: [columns]),
            Tensor(storage: sums, offset: columns, shape: [columns])
        )
    }
}
