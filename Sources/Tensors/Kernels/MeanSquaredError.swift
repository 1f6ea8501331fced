import CKernels

/// What `Kernels/MeanSquaredError.swift` asks of an element type.
public protocol MeanSquaredErrorKernels {
    /// The sum of (x - t)^2.
    static func squaredError(_ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ count: Int) -> Self
    /// dx = scale (x - t).
    static func scaledDifference(
        _ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, scale: Self, _ dx: UnsafeMutablePointer<Self>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: MeanSquaredErrorKernels {
    public static func squaredError(_ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ count: Int) -> Float {
        hb_squared_error(x, t, count)
    }

    public static func scaledDifference(
        _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, scale: Float, _ dx: UnsafeMutablePointer<Float>,
        _ count: Int
    ) { hb_scaled_difference(x, t, scale, dx, count) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: MeanSquaredErrorKernels {
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

extension Tensor {
    /// The mean of (x - target)^2 over all elements.
    package func meanSquaredError(_ target: Tensor) -> Tensor {
        let chunks = max(1, (elementCount + elementGrain - 1) / elementGrain)
        let partials = Storage<S>(count: chunks)
        withElements(self, target) { x, t in
            parallelFor(elementCount, grain: elementGrain) {
                partials.pointer[$0.lowerBound / elementGrain] = S.squaredError(
                    x + $0.lowerBound, t + $0.lowerBound, $0.count)
            }
        }
        return Tensor([]) { out in
            S.sumColumns(partials.pointer, out, 1, chunks)
            out[0] /= S(elementCount)
        }
    }

    /// scale (x - target).
    package func scaledDifference(_ target: Tensor, scale: S) -> Tensor {
        Tensor(shape) { dx in
            withElements(self, target) { x, t in
                parallelFor(elementCount, grain: elementGrain) {
                    S.scaledDifference(
                        x + $0.lowerBound, t + $0.lowerBound, scale: scale, dx + $0.lowerBound, $0.count)
                }
            }
        }
    }
}
