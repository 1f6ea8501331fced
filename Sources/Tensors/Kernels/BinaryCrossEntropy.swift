import CKernels

/// What `Kernels/BinaryCrossEntropy.swift` asks of an element type.
public protocol BinaryCrossEntropyKernels {
    /// Per row: losses = sum of w (log(1 + e^x) - t x); without weights w = 1.
    static func binaryCrossEntropy(
        _ x: UnsafePointer<Self>, _ targets: UnsafePointer<Self>, _ weights: UnsafePointer<Self>?,
        _ losses: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = scale w (sigmoid(x) - t).
    static func binaryCrossEntropyGradient(
        _ x: UnsafePointer<Self>, _ targets: UnsafePointer<Self>, _ weights: UnsafePointer<Self>?, scale: Self,
        _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: BinaryCrossEntropyKernels {
    public static func binaryCrossEntropy(
        _ x: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, _ weights: UnsafePointer<Float>?,
        _ losses: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_binary_cross_entropy(x, targets, weights, losses, rows, columns) }

    public static func binaryCrossEntropyGradient(
        _ x: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, _ weights: UnsafePointer<Float>?, scale: Float,
        _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_binary_cross_entropy_gradient(x, targets, weights, scale, dx, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: BinaryCrossEntropyKernels {
    public static func binaryCrossEntropy(
        _ x: UnsafePointer<Double>, _ targets: UnsafePointer<Double>, _ weights: UnsafePointer<Double>?,
        _ losses: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            losses[r] = 0
            for c in 0..<columns {
                let (x, t) = (x[r * columns + c], targets[r * columns + c])
                let loss = max(x, 0) + logarithm(1 + exponential(-abs(x))) - t * x
                losses[r] += (weights?[c] ?? 1) * loss
            }
        }
    }

    public static func binaryCrossEntropyGradient(
        _ x: UnsafePointer<Double>, _ targets: UnsafePointer<Double>, _ weights: UnsafePointer<Double>?, scale: Double,
        _ dx: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for i in 0..<rows * columns {
            dx[i] = scale * (weights?[i % columns] ?? 1) * (1 / (1 + exponential(-x[i])) - targets[i])
        }
    }
}

extension Tensor {
    /// Lends the elements of a tensor that may be absent.
    static func readAny<R>(_ tensor: Tensor?, _ body: (UnsafePointer<S>?) -> R) -> R {
        guard let tensor else { return body(nil) }
        return tensor.read { body($0) }
    }

    /// For self = logits [N, K]: the mean over all elements of w (log(1 + e^x) - t x), targets t [N, K], weights w [K].
    package func binaryCrossEntropy(targets: Tensor, weights: Tensor?) -> Tensor {
        let columns = shape.columns
        return Tensor.readAny(weights) { weights in
            targets.read { targets in
                meanOfRows(factor: 1 / Double(columns)) { x, rows, losses in
                    S.binaryCrossEntropy(
                        x, targets + rows.lowerBound * columns, weights, losses, rows.count, columns)
                }
            }
        }
    }

    /// For self = logits: scale w (sigmoid(x) - t).
    package func binaryCrossEntropyGradient(targets: Tensor, weights: Tensor?, scale: S) -> Tensor {
        let columns = shape.columns
        return Tensor.readAny(weights) { weights in
            targets.read { targets in
                mapRows { x, rows, dx in
                    S.binaryCrossEntropyGradient(
                        x, targets + rows.lowerBound * columns, weights, scale: scale, dx, rows.count, columns)
                }
            }
        }
    }
}
