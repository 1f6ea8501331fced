import CKernels

/// What `Kernels/BinaryPixelCrossEntropy.swift` asks of an element type.
public protocol BinaryPixelKernels {
    /// One logit a pixel: sums[0] = the sum of log(1 + e^x) over pixels of label 0 and of `positive` log(1 + e^-x) over
    /// those of label 1, sums[1] = the number of pixels that count.
    static func binaryPixelCrossEntropy(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, positive: Double,
        _ sums: UnsafeMutablePointer<Double>, _ count: Int)
    /// dx = scale times the gradient of that sum.
    static func binaryPixelCrossEntropyGradient(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, positive: Double, scale: Double,
        _ dx: UnsafeMutablePointer<Self>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: BinaryPixelKernels {
    public static func binaryPixelCrossEntropy(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, positive: Double,
        _ sums: UnsafeMutablePointer<Double>, _ count: Int
    ) { hb_binary_pixel_cross_entropy(x, labels, Int32(ignored), Float(positive), sums, count) }

    public static func binaryPixelCrossEntropyGradient(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, positive: Double, scale: Double,
        _ dx: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        hb_binary_pixel_cross_entropy_gradient(
            x, labels, Int32(ignored), Float(positive), Float(scale), dx, count)
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: BinaryPixelKernels {
    public static func binaryPixelCrossEntropy(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, positive: Double,
        _ sums: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        (sums[0], sums[1]) = (0, 0)
        for i in 0..<count where labels[i] != ignored {
            let (v, weight) = labels[i] == 1 ? (-x[i], positive) : (x[i], 1)
            sums[0] += weight * (max(v, 0) + logarithm(1 + exponential(-abs(v))))
            sums[1] += 1
        }
    }

    public static func binaryPixelCrossEntropyGradient(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, positive: Double, scale: Double,
        _ dx: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        for i in 0..<count {
            switch labels[i] {
            case ignored: dx[i] = 0
            case 1: dx[i] = -scale * positive / (1 + exponential(x[i]))
            default: dx[i] = scale / (1 + exponential(-x[i]))
            }
        }
    }
}

extension Tensor {
    /// For self = logits [.., 1] and labels 0 and 1: the mean loss of the pixels that count, 0 where none does, and their
    /// number.
    package func binaryPixelCrossEntropy(
        labels: [UInt8], ignored: UInt8, positiveWeight: Double
    ) -> (loss: Tensor, count: Double) {
        let sums = labels.withUnsafeBufferPointer { labels in
            summedChunks(2) { x, rows, sums in
                guard let labels = labels.baseAddress else { return }
                S.binaryPixelCrossEntropy(
                    x, labels + rows.lowerBound, ignored: ignored, positive: positiveWeight, sums, rows.count)
            }
        }
        return (Tensor(sums[1] > 0 ? S(sums[0] / sums[1]) : 0), sums[1])
    }

    /// For self = logits: scale times the gradient of the sum of the losses.
    package func binaryPixelCrossEntropyGradient(
        labels: [UInt8], ignored: UInt8, positiveWeight: Double, scale: Double
    ) -> Tensor {
        labels.withUnsafeBufferPointer { labels in
            mapPixels(shape) { x, rows, dx in
                guard let labels = labels.baseAddress else { return }
                S.binaryPixelCrossEntropyGradient(
                    x, labels + rows.lowerBound, ignored: ignored, positive: positiveWeight, scale: scale, dx,
                    rows.count)
            }
        }
    }
}
