import CKernels

/// How the loss of a pixel comes from its logits: (1 - p)^gamma times the cross-entropy against its label.
public struct PixelRule: Sendable {
    /// The label of pixels that count for nothing.
    public let ignored: UInt8
    /// How much of a label is spread over all classes; only without `gamma`.
    public let smoothing: Double
    /// How much less a pixel counts whose class is likely already, 0 for not at all.
    public let gamma: Double

    package init(ignored: UInt8, smoothing: Double = 0, gamma: Double = 0) {
        self.ignored = ignored
        self.smoothing = smoothing
        self.gamma = gamma
    }
}

/// What `Kernels/PixelCrossEntropy.swift` asks of an element type.
public protocol PixelCrossEntropyKernels {
    /// Per row: logSums = log(sum(e^x)). Over the rows that count: sums[0] = the sum of the losses, sums[1] = that of the
    /// labels' weights; without weights they are 1.
    static func pixelCrossEntropy(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, _ rule: PixelRule, weights: UnsafePointer<Self>?,
        _ logSums: UnsafeMutablePointer<Self>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int)
    /// dx = scale times the gradient of the sum of the losses.
    static func pixelCrossEntropyGradient(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, _ rule: PixelRule, weights: UnsafePointer<Self>?,
        _ logSums: UnsafePointer<Self>, scale: Double, _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: PixelCrossEntropyKernels {
    private static func converted(_ rule: PixelRule, _ weights: UnsafePointer<Float>?) -> hb_pixel_rule {
        hb_pixel_rule(
            ignored: Int32(rule.ignored), smoothing: Float(rule.smoothing), gamma: Float(rule.gamma), weights: weights)
    }

    public static func pixelCrossEntropy(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, _ rule: PixelRule, weights: UnsafePointer<Float>?,
        _ logSums: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        withUnsafePointer(to: converted(rule, weights)) {
            hb_pixel_cross_entropy(x, labels, $0, logSums, sums, rows, columns)
        }
    }

    public static func pixelCrossEntropyGradient(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, _ rule: PixelRule, weights: UnsafePointer<Float>?,
        _ logSums: UnsafePointer<Float>, scale: Double, _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) {
        withUnsafePointer(to: converted(rule, weights)) {
            hb_pixel_cross_entropy_gradient(x, labels, $0, logSums, Float(scale), dx, rows, columns)
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: PixelCrossEntropyKernels {
    public static func pixelCrossEntropy(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, _ rule: PixelRule, weights: UnsafePointer<Double>?,
        _ logSums: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        (sums[0], sums[1]) = (0, 0)
        for r in 0..<rows {
            let row = x + r * columns
            logSums[r] = logSumExp(row, columns)
            guard labels[r] != rule.ignored else { continue }
            let label = Int(labels[r])
            let (l, weight) = (row[label] - logSums[r], weights?[label] ?? 1)
            let focus = rule.gamma == 0 ? 1 : power(1 - exponential(l), rule.gamma)
            var loss = -(1 - rule.smoothing) * weight * focus * l
            for c in 0..<columns {
                loss += rule.smoothing / Double(columns) * (weights?[c] ?? 1) * (logSums[r] - row[c])
            }
            sums[0] += loss
            sums[1] += weight
        }
    }

    public static func pixelCrossEntropyGradient(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, _ rule: PixelRule, weights: UnsafePointer<Double>?,
        _ logSums: UnsafePointer<Double>, scale: Double, _ dx: UnsafeMutablePointer<Double>, _ rows: Int,
        _ columns: Int
    ) {
        var all = 0.0
        for c in 0..<columns { all += weights?[c] ?? 1 }
        let share = scale * rule.smoothing / Double(columns)
        for r in 0..<rows {
            let (row, to) = (x + r * columns, dx + r * columns)
            guard labels[r] != rule.ignored else {
                clear(to, columns)
                continue
            }
            let label = Int(labels[r])
            let own = scale * (1 - rule.smoothing) * (weights?[label] ?? 1) * slope(row[label] - logSums[r], rule.gamma)
            for c in 0..<columns {
                to[c] = (own + share * all) * exponential(row[c] - logSums[r]) - share * (weights?[c] ?? 1)
            }
            to[label] -= own
        }
    }

    /// The derivative of (1 - e^l)^gamma l.
    private static func slope(_ l: Double, _ gamma: Double) -> Double {
        if gamma == 0 { return 1 }
        let p = exponential(l)
        return p < 1 ? power(1 - p, gamma) - gamma * power(1 - p, gamma - 1) * p * l : 0
    }
}

extension Tensor {
    /// For self = logits [.., K], one label for each row: the sum of the losses over the sum of the labels' weights, 0 where
    /// nothing counts; log(sum(e^x)) of each row; and that sum of weights.
    package func pixelCrossEntropy(
        labels: [UInt8], _ rule: PixelRule, weights: Tensor?
    ) -> (loss: Tensor, logSums: Tensor, weight: Double) {
        let logSums = Storage<S>(count: shape.rows)
        let sums = Tensor.readAny(weights) { weights in
            labels.withUnsafeBufferPointer { labels in
                summedChunks(2) { x, rows, sums in
                    guard let labels = labels.baseAddress else { return }
                    S.pixelCrossEntropy(
                        x, labels + rows.lowerBound, rule, weights: weights, logSums.pointer + rows.lowerBound, sums,
                        rows.count, shape.columns)
                }
            }
        }
        let loss = Tensor(sums[1] > 0 ? S(sums[0] / sums[1]) : 0)
        return (loss, Tensor(storage: logSums, offset: 0, shape: [shape.rows]), sums[1])
    }

    /// For self = logits: scale times the gradient of the sum of the losses.
    package func pixelCrossEntropyGradient(
        labels: [UInt8], _ rule: PixelRule, weights: Tensor?, logSums: Tensor, scale: Double
    ) -> Tensor {
        Tensor.readAny(weights) { weights in
            labels.withUnsafeBufferPointer { labels in
                logSums.read { logSums in
                    mapPixels(shape) { x, rows, dx in
                        guard let labels = labels.baseAddress else { return }
                        S.pixelCrossEntropyGradient(
                            x, labels + rows.lowerBound, rule, weights: weights, logSums + rows.lowerBound,
                            scale: scale, dx, rows.count, shape.columns)
                    }
                }
            }
        }
    }
}
