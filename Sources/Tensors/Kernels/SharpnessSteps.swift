import CKernels

/// What sharpness-aware minimisation asks of an element type. Without an offset a parameter's scale is 1, with one its size
/// plus the offset.
public protocol SharpnessKernels {
    /// parameters += step * scale^2 * gradients.
    static func ascend(
        _ parameters: UnsafeMutablePointer<Self>, _ gradients: UnsafePointer<Self>, _ count: Int, step: Double,
        offset: Double?)
    /// The sum of (scale * gradients)^2.
    static func sumOfScaledSquares(
        _ parameters: UnsafePointer<Self>, _ gradients: UnsafePointer<Self>, _ count: Int, offset: Double?
    ) -> Double
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: SharpnessKernels {
    public static func ascend(
        _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>, _ count: Int, step: Double,
        offset: Double?
    ) {
        if let offset {
            hb_ascend_scaled(parameters, gradients, count, Float(step), Float(offset))
        } else {
            hb_ascend(parameters, gradients, count, Float(step))
        }
    }

    public static func sumOfScaledSquares(
        _ parameters: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>, _ count: Int, offset: Double?
    ) -> Double {
        if let offset { return hb_sum_scaled_squares(parameters, gradients, count, Float(offset)) }
        return hb_sum_squares(gradients, count)
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: SharpnessKernels {
    public static func ascend(
        _ parameters: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>, _ count: Int, step: Double,
        offset: Double?
    ) {
        for i in 0..<count {
            let scale = offset.map { abs(parameters[i]) + $0 } ?? 1
            parameters[i] += step * (scale * scale * gradients[i])
        }
    }

    public static func sumOfScaledSquares(
        _ parameters: UnsafePointer<Double>, _ gradients: UnsafePointer<Double>, _ count: Int, offset: Double?
    ) -> Double {
        var sum = 0.0
        for i in 0..<count {
            let scaled = (offset.map { abs(parameters[i]) + $0 } ?? 1) * gradients[i]
            sum += scaled * scaled
        }
        return sum
    }
}
