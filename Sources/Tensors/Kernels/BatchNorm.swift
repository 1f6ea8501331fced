import CKernels

/// What `Kernels/BatchNorm.swift` asks of an element type.
public protocol BatchNormKernels {
    /// sums[c] = sum over rows of (x - mean[c])^2.
    static func sumSquareDeviations(
        _ x: UnsafePointer<Self>, _ mean: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
    /// y = (x - mean[c]) scale[c] + bias[c].
    static func normalizeColumns(
        _ x: UnsafePointer<Self>, _ mean: UnsafePointer<Self>, _ scale: UnsafePointer<Self>,
        _ bias: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// sums = [sum of g (x - mean[c]), sum of g] over the rows.
    static func normalizeSums(
        _ x: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ mean: UnsafePointer<Self>,
        _ sums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = g scale[c] - (x - mean[c]) slope[c] - constant[c].
    static func normalizeGradient(
        _ x: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ mean: UnsafePointer<Self>, _ scale: UnsafePointer<Self>,
        _ slope: UnsafePointer<Self>, _ constant: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: BatchNormKernels {
    public static func sumSquareDeviations(
        _ x: UnsafePointer<Float>, _ mean: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int,
        _ columns: Int
    ) { hb_sum_square_deviations(x, mean, sums, rows, columns) }

    public static func normalizeColumns(
        _ x: UnsafePointer<Float>, _ mean: UnsafePointer<Float>, _ scale: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_normalize_columns(x, mean, scale, bias, y, rows, columns) }

    public static func normalizeSums(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ mean: UnsafePointer<Float>,
        _ sums: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_normalize_sums(x, g, mean, sums, rows, columns) }

    public static func normalizeGradient(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ mean: UnsafePointer<Float>,
        _ scale: UnsafePointer<Float>, _ slope: UnsafePointer<Float>, _ constant: UnsafePointer<Float>,
        _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_normalize_gradient(x, g, mean, scale, slope, constant, dx, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: BatchNormKernels {
    public static func sumSquareDeviations(
        _ x: UnsafePointer<Double>, _ mean: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int,
        _ columns: Int
    ) {
        for c in 0..<columns { sums[c] = 0 }
        for i in 0..<rows * columns {
            let deviation = x[i] - mean[i % columns]
            sums[i % columns] += deviation * deviation
        }
    }

    public static func normalizeColumns(
        _ x: UnsafePointer<Double>, _ mean: UnsafePointer<Double>, _ scale: UnsafePointer<Double>,
        _ bias: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for i in 0..<rows * columns {
            let c = i % columns
            y[i] = (x[i] - mean[c]) * scale[c] + bias[c]
        }
    }

    public static func normalizeSums(
        _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ mean: UnsafePointer<Double>,
        _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for c in 0..<2 * columns { sums[c] = 0 }
        for i in 0..<rows * columns {
            let c = i % columns
            sums[c] += g[i] * (x[i] - mean[c])
            sums[columns + c] += g[i]
        }
    }

    public static func normalizeGradient(
        _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ mean: UnsafePointer<Double>,
        _ scale: UnsafePointer<Double>, _ slope: UnsafePointer<Double>, _ constant: UnsafePointer<Double>,
        _ dx: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for i in 0..<rows * columns {
            let c = i % columns
            dx[i] = g[i] * scale[c] - (x[i] - mean[c]) * slope[c] - constant[c]
        }
    }
}

extension Tensor {
    /// The mean and the biased variance over all axes but the last, in two passes.
    package func columnStatistics() -> (mean: Tensor, variance: Tensor) {
        let (rows, columns) = (shape.rows, shape.columns)
        let mean = summedRows().scaled(by: 1 / S(rows))
        let sums = Tensor([columns]) { sums in
            withElements(self, mean) { x, mean in
                reduceRows(rows, columns: columns, into: sums) { range, partial in
                    S.sumSquareDeviations(x + range.lowerBound * columns, mean, partial, range.count, columns)
                }
            }
        }
        return (mean, sums.scaled(by: 1 / S(rows)))
    }

    /// 1 / sqrt(variance + epsilon) for self = variance.
    package func inverseDeviations(epsilon: Double) -> Tensor {
        Tensor(shape) { out in
            read { variance in
                for c in 0..<elementCount { out[c] = 1 / (variance[c] + S(epsilon)).squareRoot() }
            }
        }
    }

    /// (x - mean) * inverse * gain + bias over the last axis.
    package func batchNormalized(_ gain: Tensor, _ bias: Tensor, mean: Tensor, inverse: Tensor) -> Tensor {
        let (rows, columns) = (shape.rows, shape.columns)
        return Tensor(shape) { y in
            withElements(self, mean, gain * inverse, bias) { x, mean, scale, bias in
                parallelFor(rows, grain: max(1, elementGrain / max(1, columns))) { range in
                    let start = range.lowerBound * columns
                    S.normalizeColumns(x + start, mean, scale, bias, y + start, range.count, columns)
                }
            }
        }
    }

    /// For self = x: the gradients of gain and bias.
    package func batchNormalizedParameterGradient(
        _ g: Tensor, mean: Tensor, inverse: Tensor
    ) -> (gain: Tensor, bias: Tensor) {
        let columns = shape.columns
        let sums = Storage<S>(count: 2 * columns)
        withElements(self, g, mean) { x, g, mean in
            reduceRows(shape.rows, columns: 2 * columns, into: sums.pointer) { range, partial in
                let start = range.lowerBound * columns
                S.normalizeSums(x + start, g + start, mean, partial, range.count, columns)
            }
        }
        return (
            Tensor(storage: sums, offset: 0, shape: [columns]) * inverse,
            Tensor(storage: sums, offset: columns, shape: [columns])
        )
    }

    /// For self = x: the gradient of x when mean and variance were those of x; `parameters` are the gradients of gain
    /// and bias.
    package func batchNormalizedGradient(
        _ g: Tensor, _ gain: Tensor, mean: Tensor, inverse: Tensor, parameters: (gain: Tensor, bias: Tensor)
    ) -> Tensor {
        let (rows, columns) = (shape.rows, shape.columns)
        let scale = gain * inverse
        let slope = (scale * inverse * parameters.gain).scaled(by: 1 / S(rows))
        let constant = (scale * parameters.bias).scaled(by: 1 / S(rows))
        return Tensor(shape) { dx in
            withElements(self, g, mean, scale) { x, g, mean, scale in
                withElements(slope, constant) { slope, constant in
                    parallelFor(rows, grain: max(1, elementGrain / max(1, columns))) { range in
                        let start = range.lowerBound * columns
                        S.normalizeGradient(
                            x + start, g + start, mean, scale, slope, constant, dx + start, range.count, columns)
                    }
                }
            }
        }
    }
}
