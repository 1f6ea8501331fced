import CKernels

/// How far two boxes overlap.
public enum BoxMeasure: String, Sendable, CaseIterable {
    /// Intersection over union.
    case iou
    /// IoU less the share of the box around both that neither covers. Rezatofighi et al., arXiv 1902.09630, equation 2.
    case giou
    /// IoU less the squared distance of the centres over that of the corners of the box around both. Zheng et al., arXiv
    /// 1911.08287, equation 7.
    case diou
    /// DIoU less a term for the ratio of the sides. Likewise, equation 10.
    case ciou

    /// The C kernel's number, which follows the order of the cases.
    fileprivate var code: Int32 { Int32(Self.allCases.firstIndex(of: self) ?? 0) }
}

/// What `Kernels/BoxLoss.swift` asks of an element type.
public protocol BoxLossKernels {
    /// The sum over rows of w (1 - measure), and the derivatives where wanted.
    static func boxLoss(
        _ boxes: UnsafePointer<Self>, _ targets: UnsafePointer<Self>, _ weights: UnsafePointer<Self>?, _ measure: Int32,
        epsilon: Double, _ dx: UnsafeMutablePointer<Self>?, _ sum: UnsafeMutablePointer<Double>, _ rows: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: BoxLossKernels {
    public static func boxLoss(
        _ boxes: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, _ weights: UnsafePointer<Float>?,
        _ measure: Int32, epsilon: Double, _ dx: UnsafeMutablePointer<Float>?, _ sum: UnsafeMutablePointer<Double>,
        _ rows: Int
    ) { hb_box_loss(boxes, targets, weights, measure, epsilon, dx, sum, rows) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: BoxLossKernels {
    public static func boxLoss(
        _ boxes: UnsafePointer<Double>, _ targets: UnsafePointer<Double>, _ weights: UnsafePointer<Double>?,
        _ measure: Int32, epsilon: Double, _ dx: UnsafeMutablePointer<Double>?, _ sum: UnsafeMutablePointer<Double>,
        _ rows: Int
    ) { hb_box_loss_double(boxes, targets, weights, measure, epsilon, dx, sum, rows) }
}

extension Tensor {
    /// For self = boxes [R, 4]: the sum over rows of w (1 - measure), and its derivatives where wanted.
    package func boxLoss(
        _ targets: Tensor, _ measure: BoxMeasure, epsilon: Double, weights: Tensor?, withGradient: Bool
    ) -> (loss: Tensor, Tensor?) {
        let dx = withGradient ? Storage<S>(count: elementCount) : nil
        let sum = Tensor.readAny(weights) { weights in
            targets.read { targets in
                summedChunks(1) { boxes, rows, sums in
                    S.boxLoss(
                        boxes, targets + 4 * rows.lowerBound, weights.map { $0 + rows.lowerBound }, measure.code,
                        epsilon: epsilon, dx.map { $0.pointer + 4 * rows.lowerBound }, sums, rows.count)
                }[0]
            }
        }
        return (Tensor(S(sum)), dx.map { Tensor(storage: $0, offset: 0, shape: shape) })
    }
}
