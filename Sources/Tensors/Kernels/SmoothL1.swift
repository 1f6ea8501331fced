import CKernels

/// Weights of elements: one for each `run` of them.
public struct RunWeights<S> {
    /// The weights of all elements; nil for ones.
    let pointer: UnsafePointer<S>?
    /// Elements that share a weight.
    let run: Int
    /// The element that a kernel begins with.
    var first = 0
}

extension RunWeights where S: ExpressibleByIntegerLiteral {
    /// The weight of an element, counted from the first.
    func weight(_ i: Int) -> S where S: ExpressibleByIntegerLiteral { pointer.map { $0[(first + i) / run] } ?? 1 }
}

/// What `Kernels/SmoothL1.swift` asks of an element type.
public protocol SmoothL1Kernels {
    /// The sum of w f(x - t), and w f' where wanted.
    static func smoothL1(
        _ x: UnsafePointer<Self>, _ targets: UnsafePointer<Self>, _ weights: RunWeights<Self>, beta: Double,
        _ dx: UnsafeMutablePointer<Self>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: SmoothL1Kernels {
    public static func smoothL1(
        _ x: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, _ weights: RunWeights<Float>, beta: Double,
        _ dx: UnsafeMutablePointer<Float>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int
    ) { hb_smooth_l1(x, targets, weights.pointer, weights.run, weights.first, Float(beta), dx, sum, count) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: SmoothL1Kernels {
    public static func smoothL1(
        _ x: UnsafePointer<Double>, _ targets: UnsafePointer<Double>, _ weights: RunWeights<Double>, beta: Double,
        _ dx: UnsafeMutablePointer<Double>?, _ sum: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        sum[0] = 0
        for i in 0..<count {
            let (d, weight) = (x[i] - targets[i], weights.weight(i))
            dx?[i] = 0
            if weight == 0 { continue }
            if abs(d) < beta {
                sum[0] += weight * 0.5 * d * d / beta
                dx?[i] = weight * d / beta
            } else {
                sum[0] += weight * (abs(d) - 0.5 * beta)
                dx?[i] = d == 0 ? 0 : weight * (d > 0 ? 1 : -1)
            }
        }
    }
}

extension Tensor {
    /// The sum of losses of elements, and their derivatives where wanted: `body` writes both for a range of elements.
    func summedElements(
        _ targets: Tensor, _ weights: Tensor?, withGradient: Bool,
        _ body: (
            UnsafePointer<S>, UnsafePointer<S>, RunWeights<S>, UnsafeMutablePointer<S>?, UnsafeMutablePointer<Double>,
            Int
        ) -> Void
    ) -> (loss: Tensor, Tensor?) {
        let dx = withGradient ? Storage<S>(count: elementCount) : nil
        let run = weights.map { elementCount / max(1, $0.elementCount) } ?? 1
        let sum = Tensor.readAny(weights) { weights in
            targets.read { targets in
                reshaped([elementCount, 1]).summedChunks(1) { x, range, sums in
                    body(
                        x, targets + range.lowerBound,
                        RunWeights(pointer: weights, run: max(1, run), first: range.lowerBound),
                        dx.map { $0.pointer + range.lowerBound }, sums, range.count)
                }[0]
            }
        }
        return (Tensor(S(sum)), dx.map { Tensor(storage: $0, offset: 0, shape: shape) })
    }

    /// The sum of w f(x - t), and its derivatives where wanted. Weights are one for each element or for each row.
    package func smoothL1(
        _ targets: Tensor, beta: Double, weights: Tensor?, withGradient: Bool
    ) -> (loss: Tensor, Tensor?) {
        summedElements(targets, weights, withGradient: withGradient) { x, targets, weights, dx, sums, count in
            S.smoothL1(x, targets, weights, beta: beta, dx, sums, count)
        }
    }
}
