import CKernels

/// What `Kernels/DistillationDivergence.swift` asks of an element type.
public protocol DistillationDivergenceKernels {
    /// Per row: losses = KL(softmax(f t) || softmax(f x)); the log-sums of f x and f t.
    static func divergence(
        _ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ f: Double, _ losses: UnsafeMutablePointer<Self>,
        _ logSumsX: UnsafeMutablePointer<Self>, _ logSumsT: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = scale (softmax(f x) - softmax(f t)).
    static func divergenceGradient(
        _ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ f: Double, _ logSumsX: UnsafePointer<Self>,
        _ logSumsT: UnsafePointer<Self>, scale: Self, _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: DistillationDivergenceKernels {
    public static func divergence(
        _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ f: Double, _ losses: UnsafeMutablePointer<Float>,
        _ logSumsX: UnsafeMutablePointer<Float>, _ logSumsT: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_divergence(x, t, Float(f), losses, logSumsX, logSumsT, rows, columns) }

    public static func divergenceGradient(
        _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ f: Double, _ logSumsX: UnsafePointer<Float>,
        _ logSumsT: UnsafePointer<Float>, scale: Float, _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_divergence_gradient(x, t, Float(f), logSumsX, logSumsT, scale, dx, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: DistillationDivergenceKernels {
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
}

extension Tensor {
    /// For self = logits: T^2 times the mean KL divergence from softmax(x / T) to softmax(teacher / T), and the
    /// log-sums of both, [2, N].
    package func distillationDivergence(
        teacherLogits: Tensor, temperature: Double
    ) -> (loss: Tensor, logSums: Tensor) {
        let (count, columns) = (shape.rows, shape.columns)
        let logSums = Storage<S>(count: 2 * count)
        let loss = teacherLogits.read { teacher in
            meanOfRows(factor: temperature * temperature) { x, rows, losses in
                S.divergence(
                    x, teacher + rows.lowerBound * columns, 1 / temperature, losses, logSums.pointer + rows.lowerBound,
                    logSums.pointer + count + rows.lowerBound, rows.count, columns)
            }
        }
        return (loss, Tensor(storage: logSums, offset: 0, shape: [2, count]))
    }

    /// For self = logits: scale (softmax(x / T) - softmax(teacher / T)).
    package func distillationDivergenceGradient(
        teacherLogits: Tensor, temperature: Double, logSums: Tensor, scale: S
    ) -> Tensor {
        let (count, columns) = (shape.rows, shape.columns)
        return withElements(teacherLogits, logSums) { teacher, logSums in
            mapRows { x, rows, dx in
                S.divergenceGradient(
                    x, teacher + rows.lowerBound * columns, 1 / temperature, logSums + rows.lowerBound,
                    logSums + count + rows.lowerBound, scale: scale, dx, rows.count, columns)
            }
        }
    }
}
