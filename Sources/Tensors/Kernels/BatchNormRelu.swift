import CKernels

/// What `Kernels/BatchNormRelu.swift` asks of an element type.
public protocol BatchNormReluKernels {
    /// means[c] = the mean of x[r, c] over rows, sums[c] = the sum of (x - means[c])^2.
    static func columnMoments(
        _ x: UnsafePointer<Self>, _ means: UnsafeMutablePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
    /// y = max((x - mean[c]) scale[c] + bias[c], 0).
    static func normalizeRelu(
        _ x: UnsafePointer<Self>, _ mean: UnsafePointer<Self>, _ scale: UnsafePointer<Self>,
        _ bias: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// With h = g where that y is above 0, and 0 elsewhere: sums = [sum of h (x - mean[c]), sum of h] over the rows.
    static func normalizeReluSums(
        _ x: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ mean: UnsafePointer<Self>,
        _ scale: UnsafePointer<Self>, _ bias: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
    /// dx = h scale[c] - (x - mean[c]) slope[c] - constant[c].
    static func normalizeReluGradient(
        _ x: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ mean: UnsafePointer<Self>, _ scale: UnsafePointer<Self>,
        _ bias: UnsafePointer<Self>, _ slope: UnsafePointer<Self>, _ constant: UnsafePointer<Self>,
        _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: BatchNormReluKernels {
    public static func columnMoments(
        _ x: UnsafePointer<Float>, _ means: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
        _ rows: Int, _ columns: Int
    ) { hb_column_moments(x, means, sums, rows, columns) }

    public static func normalizeRelu(
        _ x: UnsafePointer<Float>, _ mean: UnsafePointer<Float>, _ scale: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_normalize_relu(x, mean, scale, bias, y, rows, columns) }

    public static func normalizeReluSums(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ mean: UnsafePointer<Float>,
        _ scale: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int,
        _ columns: Int
    ) { hb_normalize_relu_sums(x, g, mean, scale, bias, sums, rows, columns) }

    public static func normalizeReluGradient(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ mean: UnsafePointer<Float>,
        _ scale: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ slope: UnsafePointer<Float>,
        _ constant: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_normalize_relu_gradient(x, g, mean, scale, bias, slope, constant, dx, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: BatchNormReluKernels {
    public static func columnMoments(
        _ x: UnsafePointer<Double>, _ means: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>,
        _ rows: Int, _ columns: Int
    ) {
        sumRows(x, stride: columns, means, rows, columns)
        for c in 0..<columns { means[c] /= Double(rows) }
        sumSquareDeviations(x, means, sums, rows, columns)
    }

    public static func normalizeRelu(
        _ x: UnsafePointer<Double>, _ mean: UnsafePointer<Double>, _ scale: UnsafePointer<Double>,
        _ bias: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for i in 0..<rows * columns {
            let c = i % columns
            y[i] = max((x[i] - mean[c]) * scale[c] + bias[c], 0)
        }
    }

    public static func normalizeReluSums(
        _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ mean: UnsafePointer<Double>,
        _ scale: UnsafePointer<Double>, _ bias: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>,
        _ rows: Int, _ columns: Int
    ) {
        for c in 0..<2 * columns { sums[c] = 0 }
        for i in 0..<rows * columns {
            let c = i % columns
            guard (x[i] - mean[c]) * scale[c] + bias[c] > 0 else { continue }
            sums[c] += g[i] * (x[i] - mean[c])
            sums[columns + c] += g[i]
        }
    }

    public static func normalizeReluGradient(
        _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ mean: UnsafePointer<Double>,
        _ scale: UnsafePointer<Double>, _ bias: UnsafePointer<Double>, _ slope: UnsafePointer<Double>,
        _ constant: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for i in 0..<rows * columns {
            let c = i % columns
            let deviation = x[i] - mean[c]
            let h = deviation * scale[c] + bias[c] > 0 ? g[i] : 0
            dx[i] = h * scale[c] - deviation * slope[c] - constant[c]
        }
    }
}

extension Tensor {
    /// The mean and the biased variance over all axes but the last, reading the elements from memory once: the moments
    /// of blocks of rows that fit into a second-level cache, merged in order. Chan, Golub and LeVeque, 1979.
    package func columnMoments() -> (mean: Tensor, variance: Tensor) {
        let (rows, columns) = (shape.rows, shape.columns)
        let grain = max(1, (1 << 17) / max(1, columns))
        let chunks = chunkCount(rows, grain: grain)
        let moments = Storage<S>(count: max(1, chunks) * 2 * columns)
        read { x in
            parallelFor(rows, grain: grain) { range in
                let own = moments.pointer + range.lowerBound / grain * 2 * columns
                S.columnMoments(x + range.lowerBound * columns, own, own + columns, range.count, columns)
            }
        }
        let (mean, sums) = (moments.pointer, moments.pointer + columns)
        var seen = min(grain, rows)
        for chunk in 1..<max(1, chunks) {
            let other = moments.pointer + chunk * 2 * columns
            let count = min(grain, rows - seen)
            let share = S(count) / S(seen + count)
            let spread = S(seen) * share
            for c in 0..<columns {
                let difference = other[c] - mean[c]
                mean[c] += difference * share
                sums[c] += other[columns + c] + difference * difference * spread
            }
            seen += count
        }
        return (
            Tensor(storage: moments, offset: 0, shape: [columns]),
            Tensor(storage: moments, offset: columns, shape: [columns]).scaled(by: 1 / S(rows))
        )
    }

    /// max((x - mean) * scale + bias, 0) over the last axis.
    package func normalizedRelu(_ scale: Tensor, _ bias: Tensor, mean: Tensor) -> Tensor {
        let (rows, columns) = (shape.rows, shape.columns)
        return Tensor(shape) { y in
            withElements(self, mean, scale, bias) { x, mean, scale, bias in
                parallelFor(rows, grain: max(1, elementGrain / max(1, columns))) { range in
                    let start = range.lowerBound * columns
                    S.normalizeRelu(x + start, mean, scale, bias, y + start, range.count, columns)
                }
            }
        }
    }

    /// For self = x: the sums over rows of h (x - mean) and of h, which is g where the result is above 0.
    package func normalizedReluSums(
        _ g: Tensor, _ scale: Tensor, _ bias: Tensor, mean: Tensor
    ) -> (products: Tensor, gradients: Tensor) {
        let columns = shape.columns
        let sums = Storage<S>(count: 2 * columns)
        withElements(self, g) { x, g in
            withElements(mean, scale, bias) { mean, scale, bias in
                reduceRows(shape.rows, columns: 2 * columns, into: sums.pointer) { range, partial in
                    let start = range.lowerBound * columns
                    S.normalizeReluSums(x + start, g + start, mean, scale, bias, partial, range.count, columns)
                }
            }
        }
        return (
            Tensor(storage: sums, offset: 0, shape: [columns]), Tensor(storage: sums, offset: columns, shape: [columns])
        )
    }

    /// For self = x: h scale - (x - mean) slope - constant.
    package func normalizedReluGradient(
        _ g: Tensor, _ scale: Tensor, _ bias: Tensor, mean: Tensor, slope: Tensor, constant: Tensor
    ) -> Tensor {
        let (rows, columns) = (shape.rows, shape.columns)
        return Tensor(shape) { dx in
            withElements(self, g, mean, scale) { x, g, mean, scale in
                withElements(bias, slope, constant) { bias, slope, constant in
                    parallelFor(rows, grain: max(1, elementGrain / max(1, columns))) { range in
                        let start = range.lowerBound * columns
                        S.normalizeReluGradient(
                            x + start, g + start, mean, scale, bias, slope, constant, dx + start, range.count, columns)
                    }
                }
            }
        }
    }
}
