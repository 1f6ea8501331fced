import CKernels

extension Float: LossKernels {
    public static func crossEntropy(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<Int32>, smoothing: Double,
        _ losses: UnsafeMutablePointer<Float>, _ logSums: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_cross_entropy(x, labels, Float(smoothing), losses, logSums, rows, columns) }

    public static func crossEntropyGradient(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<Int32>, smoothing: Double, _ logSums: UnsafePointer<Float>,
        scale: Float, _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_cross_entropy_gradient(x, labels, Float(smoothing), logSums, scale, dx, rows, columns) }

    public static func crossEntropy(
        _ x: UnsafePointer<Float>, targets: UnsafePointer<Float>, _ losses: UnsafeMutablePointer<Float>,
        _ logSums: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_soft_cross_entropy(x, targets, losses, logSums, rows, columns) }

    public static func crossEntropyGradient(
        _ x: UnsafePointer<Float>, targets: UnsafePointer<Float>, _ logSums: UnsafePointer<Float>, scale: Float,
        _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_soft_cross_entropy_gradient(x, targets, logSums, scale, dx, rows, columns) }

    public static func divergence(
        _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ f: Double, _ losses: UnsafeMutablePointer<Float>,
        _ logSumsX: UnsafeMutablePointer<Float>, _ logSumsT: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_divergence(x, t, Float(f), losses, logSumsX, logSumsT, rows, columns) }

    public static func divergenceGradient(
        _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ f: Double, _ logSumsX: UnsafePointer<Float>,
        _ logSumsT: UnsafePointer<Float>, scale: Float, _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_divergence_gradient(x, t, Float(f), logSumsX, logSumsT, scale, dx, rows, columns) }

    public static func squaredError(_ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ count: Int) -> Float {
        hb_squared_error(x, t, count)
    }

    public static func scaledDifference(
        _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, scale: Float, _ dx: UnsafeMutablePointer<Float>,
        _ count: Int
    ) { hb_scaled_difference(x, t, scale, dx, count) }
}

extension Double: LossKernels {
    private static func smoothed(_ label: Int32, _ c: Int, _ smoothing: Double, _ columns: Int) -> Double {
        smoothing / Double(columns) + (c == Int(label) ? 1 - smoothing : 0)
    }

    public static func crossEntropy(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<Int32>, smoothing: Double,
        _ losses: UnsafeMutablePointer<Double>, _ logSums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            logSums[r] = logSumExp(x + r * columns, columns)
            losses[r] = 0
            for c in 0..<columns {
                losses[r] += smoothed(labels[r], c, smoothing, columns) * (logSums[r] - x[r * columns + c])
            }
        }
    }

    public static func crossEntropyGradient(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<Int32>, smoothing: Double,
        _ logSums: UnsafePointer<Double>, scale: Double, _ dx: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            for c in 0..<columns {
                let p = exponential(x[r * columns + c] - logSums[r])
                dx[r * columns + c] = scale * (p - smoothed(labels[r], c, smoothing, columns))
            }
        }
    }

    public static func crossEntropy(
        _ x: UnsafePointer<Double>, targets: UnsafePointer<Double>, _ losses: UnsafeMutablePointer<Double>,
        _ logSums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            logSums[r] = logSumExp(x + r * columns, columns)
            losses[r] = 0
            for i in r * columns..<(r + 1) * columns { losses[r] += targets[i] * (logSums[r] - x[i]) }
        }
    }

    public static func crossEntropyGradient(
        _ x: UnsafePointer<Double>, targets: UnsafePointer<Double>, _ logSums: UnsafePointer<Double>, scale: Double,
        _ dx: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            var sum = 0.0
            for i in r * columns..<(r + 1) * columns { sum += targets[i] }
            for i in r * columns..<(r + 1) * columns {
                dx[i] = scale * (exponential(x[i] - logSums[r]) * sum - targets[i])
            }
        }
    }

    public static func divergence(
        _ x: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ f: Double, _ losses: UnsafeMutablePointer<Double>,
        _ logSumsX: UnsafeMutablePointer<Double>, _ logSumsT: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            logSumsX[r] = logSumExp(x + r * columns, scale: f, columns)
            logSumsT[r] = logSumExp(t + r * columns, scale: f, columns)
            losses[r] = 0
            for i in r * columns..<(r + 1) * columns {
                let (a, b) = (f * x[i] - logSumsX[r], f * t[i] - logSumsT[r])
                losses[r] += exponential(b) * (b - a)
            }
        }
    }

    public static func divergenceGradient(
        _ x: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ f: Double, _ logSumsX: UnsafePointer<Double>,
        _ logSumsT: UnsafePointer<Double>, scale: Double, _ dx: UnsafeMutablePointer<Double>, _ rows: Int,
        _ columns: Int
    ) {
        for i in 0..<rows * columns {
            let r = i / columns
            dx[i] = scale * (exponential(f * x[i] - logSumsX[r]) - exponential(f * t[i] - logSumsT[r]))
        }
    }

    public static func squaredError(_ x: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ count: Int) -> Double {
        var sum = 0.0
        for i in 0..<count { sum += (x[i] - t[i]) * (x[i] - t[i]) }
        return sum
    }

    public static func scaledDifference(
        _ x: UnsafePointer<Double>, _ t: UnsafePointer<Double>, scale: Double, _ dx: UnsafeMutablePointer<Double>,
        _ count: Int
    ) { for i in 0..<count { dx[i] = scale * (x[i] - t[i]) } }
}
