import CKernels

/// What `Kernels/SoftShrink.swift` asks of an element type.
public protocol SoftShrinkKernels {
    /// y = x moved towards zero by the threshold; zero within it.
    static func softShrink(
        _ x: UnsafePointer<Self>, _ threshold: Self, _ y: UnsafeMutablePointer<Self>, _ count: Int)
    /// dx = g where |x| is beyond the threshold, else zero.
    static func softShrinkGradient(
        _ x: UnsafePointer<Self>, _ threshold: Self, _ g: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>,
        _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: SoftShrinkKernels {
    public static func softShrink(
        _ x: UnsafePointer<Float>, _ threshold: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int
    ) { hb_soft_shrink(x, threshold, y, count) }

    public static func softShrinkGradient(
        _ x: UnsafePointer<Float>, _ threshold: Float, _ g: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
        _ count: Int
    ) { hb_soft_shrink_gradient(x, threshold, g, dx, count) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: SoftShrinkKernels {
    public static func softShrink(
        _ x: UnsafePointer<Double>, _ threshold: Double, _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        for i in 0..<count {
            y[i] = x[i] > threshold ? x[i] - threshold : x[i] < -threshold ? x[i] + threshold : x[i].isNaN ? x[i] : 0
        }
    }

    public static func softShrinkGradient(
        _ x: UnsafePointer<Double>, _ threshold: Double, _ g: UnsafePointer<Double>,
        _ dx: UnsafeMutablePointer<Double>, _ count: Int
    ) { for i in 0..<count { dx[i] = abs(x[i]) > threshold ? g[i] : 0 } }
}

extension Tensor {
    /// Each element moved towards zero by the threshold; zero within it.
    package func softShrunk(_ threshold: S) -> Tensor {
        Tensor(shape) { y in
            read { x in
                parallelFor(elementCount, grain: elementGrain) {
                    S.softShrink(x + $0.lowerBound, threshold, y + $0.lowerBound, $0.count)
                }
            }
        }
    }

    /// For self = x: the gradient of x.
    package func softShrinkGradient(_ threshold: S, _ gradient: Tensor) -> Tensor {
        Tensor(shape) { dx in
            withElements(self, gradient) { x, g in
                parallelFor(elementCount, grain: elementGrain) {
                    S.softShrinkGradient(
                        x + $0.lowerBound, threshold, g + $0.lowerBound, dx + $0.lowerBound, $0.count)
                }
            }
        }
    }
}
