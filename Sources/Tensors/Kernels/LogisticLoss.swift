import CKernels

/// What `Kernels/LogisticLoss.swift` asks of an element type.
public protocol LogisticLossKernels {
    /// The sum of w (log(1 + e^x) - t x), and the derivatives where wanted.
    static func logisticLoss(
        _ x: UnsafePointer<Self>, _ targets: UnsafePointer<Self>, _ weights: RunWeights<Self>,
        _ dx: UnsafeMutablePointer<Self>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: LogisticLossKernels {
    public static func logisticLoss(
        _ x: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, _ weights: RunWeights<Float>,
        _ dx: UnsafeMutablePointer<Float>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int
    ) { hb_logistic_loss(x, targets, weights.pointer, weights.run, weights.first, dx, sum, count) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: LogisticLossKernels {
    public static func logisticLoss(
        _ x: UnsafePointer<Double>, _ targets: UnsafePointer<Double>, _ weights: RunWeights<Double>,
        _ dx: UnsafeMutablePointer<Double>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        sum[0] = 0
        for i in 0..<count {
            let weight = weights.weight(i)
            dx?[i] = 0
            if weight == 0 { continue }
            sum[0] += weight * (max(x[i], 0) - targets[i] * x[i] + logarithm1p(exponential(-abs(x[i]))))
            dx?[i] = weight * (1 / (1 + exponential(-x[i])) - targets[i])
        }
    }
}

extension Tensor {
    /// The sum of w (log(1 + e^x) - t x), and its derivatives where wanted. Weights are one for each element or row.
    package func logisticLoss(
        _ targets: Tensor, weights: Tensor?, withGradient: Bool
    ) -> (loss: Tensor, Tensor?) {
        summedElements(targets, weights, withGradient: withGradient) { x, targets, weights, dx, sums, count in
            S.logisticLoss(x, targets, weights, dx, sums, count)
        }
    }
}
