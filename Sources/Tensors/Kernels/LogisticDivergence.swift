import CKernels

/// What `Kernels/LogisticDivergence.swift` asks of an element type.
public protocol LogisticDivergenceKernels {
    /// The sum of w KL(sigmoid(scale t) || sigmoid(scale x)), and the derivatives where wanted.
    static func logisticDivergence(
        _ x: UnsafePointer<Self>, _ teacher: UnsafePointer<Self>, _ weights: RunWeights<Self>, scale: Double,
        _ dx: UnsafeMutablePointer<Self>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: LogisticDivergenceKernels {
    public static func logisticDivergence(
        _ x: UnsafePointer<Float>, _ teacher: UnsafePointer<Float>, _ weights: RunWeights<Float>, scale: Double,
        _ dx: UnsafeMutablePointer<Float>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int
    ) { hb_logistic_divergence(x, teacher, weights.pointer, weights.run, weights.first, Float(scale), dx, sum, count) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: LogisticDivergenceKernels {
    public static func logisticDivergence(
        _ x: UnsafePointer<Double>, _ teacher: UnsafePointer<Double>, _ weights: RunWeights<Double>, scale: Double,
        _ dx: UnsafeMutablePointer<Double>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        func softplus(_ x: Double) -> Double { max(x, 0) + logarithm1p(exponential(-abs(x))) }
        sum[0] = 0
        for i in 0..<count {
            let weight = weights.weight(i)
            dx?[i] = 0
            if weight == 0 { continue }
            let (own, other) = (scale * x[i], scale * teacher[i])
            let probability = 1 / (1 + exponential(-other))
            sum[0] += weight * (softplus(own) - softplus(other) - probability * (own - other))
            dx?[i] = weight * scale * (1 / (1 + exponential(-own)) - probability)
        }
    }
}

extension Tensor {
    /// The sum of w KL(sigmoid(scale teacher) || sigmoid(scale x)), and its derivatives where wanted. Weights are one for
    /// each element or row.
    package func logisticDivergence(
        _ teacher: Tensor, scale: Double, weights: Tensor?, withGradient: Bool
    ) -> (loss: Tensor, Tensor?) {
        summedElements(teacher, weights, withGradient: withGradient) { x, teacher, weights, dx, sums, count in
            S.logisticDivergence(x, teacher, weights, scale: scale, dx, sums, count)
        }
    }
}
