import CKernels

/// What `Kernels/CrossEntropy.swift` asks of an element type.
public protocol CrossEntropyKernels {
    /// Per row: losses = sum of t (logSums - x), t = smoothing / columns and 1 - smoothing more at the label;
    /// logSums = log(sum(e^x)).
    static func crossEntropy(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<Int32>, smoothing: Double,
        _ losses: UnsafeMutablePointer<Self>, _ logSums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = scale (e^(x - logSums) - t).
    static func crossEntropyGradient(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<Int32>, smoothing: Double, _ logSums: UnsafePointer<Self>,
        scale: Self, _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// As above for targets t, which need not sum to 1.
    static func crossEntropy(
        _ x: UnsafePointer<Self>, targets: UnsafePointer<Self>, _ losses: UnsafeMutablePointer<Self>,
        _ logSums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = scale (e^(x - logSums) sum(t) - t).
    static func crossEntropyGradient(
        _ x: UnsafePointer<Self>, targets: UnsafePointer<Self>, _ logSums: UnsafePointer<Self>, scale: Self,
        _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: CrossEntropyKernels {
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
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: CrossEntropyKernels {
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
}

extension Tensor {
    /// For self = logits [N, K]: the mean cross-entropy against labels, and log(sum(e^x)) of each row.
    package func crossEntropy(labels: [Int32], smoothing: Double) -> (loss: Tensor, logSums: Tensor) {
        let logSums = Storage<S>(count: shape.rows)
        let columns = shape.columns
        let loss = labels.withUnsafeBufferPointer { labels in
            meanOfRows { x, rows, losses in
                guard let labels = labels.baseAddress else { return }
                S.crossEntropy(
                    x, labels + rows.lowerBound, smoothing: smoothing, losses, logSums.pointer + rows.lowerBound,
                    rows.count, columns)
            }
        }
        return (loss, Tensor(storage: logSums, offset: 0, shape: [shape.rows]))
    }

    /// For self = logits: scale (softmax(x) - t) with the smoothed labels t.
    package func crossEntropyGradient(labels: [Int32], smoothing: Double, logSums: Tensor, scale: S) -> Tensor {
        let columns = shape.columns
        return labels.withUnsafeBufferPointer { labels in
            logSums.read { logSums in
                mapRows { x, rows, dx in
                    guard let labels = labels.baseAddress else { return }
                    S.crossEntropyGradient(
                        x, labels + rows.lowerBound, smoothing: smoothing, logSums + rows.lowerBound, scale: scale, dx,
                        rows.count, columns)
                }
            }
        }
    }

    /// For self = logits [N, K]: the mean cross-entropy against targets [N, K], and log(sum(e^x)) of each row.
    package func crossEntropy(targets: Tensor) -> (loss: Tensor, logSums: Tensor) {
        let logSums = Storage<S>(count: shape.rows)
        let columns = shape.columns
        let loss = targets.read { targets in
            meanOfRows { x, rows, losses in
                S.crossEntropy(
                    x, targets: targets + rows.lowerBound * columns, losses, logSums.pointer + rows.lowerBound,
                    rows.count, columns)
            }
        }
        return (loss, Tensor(storage: logSums, offset: 0, shape: [shape.rows]))
    }

    /// For self = logits: scale (softmax(x) sum(t) - t).
    package func crossEntropyGradient(targets: Tensor, logSums: Tensor, scale: S) -> Tensor {
        let columns = shape.columns
        return withElements(targets, logSums) { targets, logSums in
            mapRows { x, rows, dx in
                S.crossEntropyGradient(
                    x, targets: targets + rows.lowerBound * columns, logSums + rows.lowerBound, scale: scale, dx,
                    rows.count, columns)
            }
        }
    }
}
