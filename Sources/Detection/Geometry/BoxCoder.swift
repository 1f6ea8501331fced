import Datasets
import Foundation

/// How a box is told by four numbers that start from another one: the way of its center in the other's sides, and the
/// logarithms of what its sides are of the other's (Girshick et al., "Rich feature hierarchies for accurate object
/// detection and semantic segmentation", 2014, appendix C).
public struct BoxCoder: Codable, Hashable, Sendable {
    /// What the four numbers (x, y, width, height) are divided by; torchvision's weights are one over these.
    public var deviations: [Double]
    /// Whether boxes are kept from becoming much smaller, too; that they do not grow beyond bounds is always so.
    public var clampsSmall: Bool

    /// Where a logarithm is cut off: no box becomes more than 1000 / 16 times as large.
    public static let largestLogarithm = log(1000.0 / 16)

    /// - Parameter deviations: four numbers above 0.
    public init(deviations: [Double] = [1, 1, 1, 1], clampsSmall: Bool = false) {
        (self.deviations, self.clampsSmall) = (deviations, clampsSmall)
    }

    /// The coder of a style; anchors are coded without deviations, boxes of regions with (.1, .1, .2, .2).
    public init(_ style: DetectorStyle, deviations: [Double] = [1, 1, 1, 1]) {
        self.init(deviations: deviations, clampsSmall: style == .mmdetection)
    }

    /// The four numbers of a box from an anchor; both must have an area.
    public func encode(_ box: Box, from anchor: Box) -> SIMD4<Double> {
        let (width, height) = (anchor.width, anchor.height)
        let raw = SIMD4(
            (box.left + 0.5 * box.width - (anchor.left + 0.5 * width)) / width,
            (box.top + 0.5 * box.height - (anchor.top + 0.5 * height)) / height,
            log(box.width / width), log(box.height / height))
        return raw / SIMD4(deviations)
    }

    /// The box of four numbers from an anchor.
    public func decode(_ numbers: SIMD4<Double>, from anchor: Box) -> Box {
        let raw = numbers * SIMD4(deviations)
        let (width, height) = (anchor.width, anchor.height)
        let x = raw[0] * width + (anchor.left + 0.5 * width)
        let y = raw[1] * height + (anchor.top + 0.5 * height)
        let (halfWidth, halfHeight) = (0.5 * growth(raw[2]) * width, 0.5 * growth(raw[3]) * height)
        return Box(left: x - halfWidth, top: y - halfHeight, right: x + halfWidth, bottom: y + halfHeight)
    }

    private func growth(_ logarithm: Double) -> Double {
        let limited = min(logarithm, Self.largestLogarithm)
        return exp(clampsSmall ? max(limited, -Self.largestLogarithm) : limited)
    }

    /// The numbers of boxes from anchors, one after the other, [count * 4].
    public func encode(_ boxes: [Box], from anchors: [Box]) -> [Double] {
        zip(boxes, anchors).flatMap { box, anchor in
            let numbers = encode(box, from: anchor)
            return [numbers[0], numbers[1], numbers[2], numbers[3]]
        }
    }

    /// The boxes of numbers [count * 4] from anchors.
    public func decode(_ numbers: [Double], from anchors: [Box]) -> [Box] {
        anchors.indices.map { index in
            let four = SIMD4(
                numbers[4 * index], numbers[4 * index + 1], numbers[4 * index + 2], numbers[4 * index + 3])
            return decode(four, from: anchors[index])
        }
    }
}
