import CKernels

/// What `Kernels/DecodedBoxes.swift` asks of an element type.
public protocol DecodedBoxKernels {
    /// Boxes of deltas from anchors, each delta times its deviation.
    static func decodeBoxes(
        _ deltas: UnsafePointer<Self>, _ anchors: UnsafePointer<Self>, _ deviations: UnsafePointer<Double>,
        limit: Double, clampsSmall: Bool, _ boxes: UnsafeMutablePointer<Self>, _ rows: Int)
    /// The gradient of the deltas.
    static func decodeBoxesGradient(
        _ deltas: UnsafePointer<Self>, _ anchors: UnsafePointer<Self>, _ deviations: UnsafePointer<Double>,
        limit: Double, clampsSmall: Bool, _ g: UnsafePointer<Self>, _ dDeltas: UnsafeMutablePointer<Self>, _ rows: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: DecodedBoxKernels {
    public static func decodeBoxes(
        _ deltas: UnsafePointer<Float>, _ anchors: UnsafePointer<Float>, _ deviations: UnsafePointer<Double>,
        limit: Double, clampsSmall: Bool, _ boxes: UnsafeMutablePointer<Float>, _ rows: Int
    ) { hb_decode_boxes(deltas, anchors, deviations, limit, clampsSmall ? 1 : 0, boxes, rows) }

    public static func decodeBoxesGradient(
        _ deltas: UnsafePointer<Float>, _ anchors: UnsafePointer<Float>, _ deviations: UnsafePointer<Double>,
        limit: Double, clampsSmall: Bool, _ g: UnsafePointer<Float>, _ dDeltas: UnsafeMutablePointer<Float>,
        _ rows: Int
    ) { hb_decode_boxes_gradient(deltas, anchors, deviations, limit, clampsSmall ? 1 : 0, g, dDeltas, rows) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: DecodedBoxKernels {
    public static func decodeBoxes(
        _ deltas: UnsafePointer<Double>, _ anchors: UnsafePointer<Double>, _ deviations: UnsafePointer<Double>,
        limit: Double, clampsSmall: Bool, _ boxes: UnsafeMutablePointer<Double>, _ rows: Int
    ) { hb_decode_boxes_double(deltas, anchors, deviations, limit, clampsSmall ? 1 : 0, boxes, rows) }

    public static func decodeBoxesGradient(
        _ deltas: UnsafePointer<Double>, _ anchors: UnsafePointer<Double>, _ deviations: UnsafePointer<Double>,
        limit: Double, clampsSmall: Bool, _ g: UnsafePointer<Double>, _ dDeltas: UnsafeMutablePointer<Double>,
        _ rows: Int
    ) { hb_decode_boxes_gradient_double(deltas, anchors, deviations, limit, clampsSmall ? 1 : 0, g, dDeltas, rows) }
}

/// ln(1000 / 16): an anchor grows to 62.5 times its size at most.
private let largestLogarithm = logarithm(1000.0 / 16.0)

/// Rows of boxes per chunk.
let boxGrain = 1024

extension Tensor {
    /// For self = deltas [R, 4]: the boxes, of anchors [R, 4].
    package func decodedBoxes(_ anchors: Tensor, deviations: [Double], clampsSmall: Bool) -> Tensor {
        Tensor(shape) { boxes in
            withElements(self, anchors) { deltas, anchors in
                parallelFor(shape[0], grain: boxGrain) {
                    let at = 4 * $0.lowerBound
                    S.decodeBoxes(
                        deltas + at, anchors + at, deviations, limit: largestLogarithm, clampsSmall: clampsSmall,
                        boxes + at, $0.count)
                }
            }
        }
    }

    /// For self = deltas: their gradient.
    package func decodedBoxesGradient(
        _ g: Tensor, _ anchors: Tensor, deviations: [Double], clampsSmall: Bool
    ) -> Tensor {
        Tensor(shape) { dDeltas in
            withElements(self, anchors, g) { deltas, anchors, g in
                parallelFor(shape[0], grain: boxGrain) {
                    let at = 4 * $0.lowerBound
                    S.decodeBoxesGradient(
                        deltas + at, anchors + at, deviations, limit: largestLogarithm, clampsSmall: clampsSmall,
                        g + at, dDeltas + at, $0.count)
                }
            }
        }
    }
}
