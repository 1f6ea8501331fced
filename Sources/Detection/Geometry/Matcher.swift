import CKernels
import Datasets
import Tensors

/// Which object each anchor, point or region learns, by how much their boxes overlap.
public struct Matcher: Codable, Hashable, Sendable {
    /// What becomes of objects that no anchor overlaps enough.
    public enum LowQuality: Codable, Hashable, Sendable {
        /// Nothing: they teach nobody.
        case off
        /// The anchors that overlap them most, all that tie, learn what they themselves overlap most (torchvision).
        case ownBest
        /// The anchors that overlap them most, all that tie, learn them, the last one where several ask for an anchor, if the
        /// overlap is at least so much (mmdetection).
        case inOrder(least: Double)
    }

    /// What is said of an anchor that learns that there is no object.
    public static let nothing: Int32 = -1
    /// What is said of an anchor that learns nothing.
    public static let ignored: Int32 = -2

    /// An anchor that overlaps an object at least so much learns it.
    public var high: Double
    /// An anchor that overlaps all objects by less than this learns that there is none.
    public var low: Double
    /// What becomes of objects that no anchor overlaps enough.
    public var lowQuality: LowQuality

    /// - Parameters:
    ///   - high: an overlap from which on an anchor learns an object.
    ///   - low: an overlap below which it learns that there is none; between the two it learns nothing.
    public init(high: Double, low: Double, lowQuality: LowQuality = .off) {
        (self.high, self.low, self.lowQuality) = (high, low, lowQuality)
    }

    /// For each anchor the index of its box, `nothing` or `ignored`.
    ///
    /// Where two boxes overlap an anchor alike, it is the first one's. A box that overlaps no anchor at all matches none.
    /// - Parameter counted: which anchors take part, see `AnchorRule.counted`; the others are ignored, and boxes do not look
    ///   at them. Nil for all.
    public func matches(_ anchors: BoxColumns, _ boxes: [Box], counted: [Bool]? = nil) -> [Int32] {
        guard let counted else { return matches(all: anchors, boxes) }
        require(
            counted.count == anchors.count, "Matcher", "\(counted.count) marks do not fit \(anchors.count) anchors")
        let kept = counted.indices.filter { counted[$0] }
        var result = [Int32](repeating: Self.ignored, count: anchors.count)
        for (index, match) in zip(kept, matches(all: BoxColumns(kept.map { anchors[$0] }), boxes)) {
            result[index] = match
        }
        return result
    }

    /// For each anchor the index of its box, `nothing` or `ignored`.
    public func matches(_ anchors: [Box], _ boxes: [Box], counted: [Bool]? = nil) -> [Int32] {
        matches(BoxColumns(anchors), boxes, counted: counted)
    }

    private func matches(all anchors: BoxColumns, _ boxes: [Box]) -> [Int32] {
        let count = anchors.count
        guard count > 0, !boxes.isEmpty else { return [Int32](repeating: Self.nothing, count: count) }
        var best = [Double](repeating: -1, count: count)
        var which = [Int32](repeating: 0, count: count)
        let most = anchors.values.withUnsafeBufferPointer { columns in
            boxes.enumerated().map { index, box in
                hb_offer_box(
                    [box.left, box.top, box.right, box.bottom, box.area], columns.baseAddress!, count, count,
                    Int32(index), &best, &which)
            }
        }
        var result = which
        for index in 0..<count where !(best[index] >= high) {
            result[index] = best[index] < low ? Self.nothing : Self.ignored
        }
        addLowQuality(anchors, boxes, most, which, &result)
        return result
    }

    private func addLowQuality(
        _ anchors: BoxColumns, _ boxes: [Box], _ most: [Double], _ which: [Int32], _ result: inout [Int32]
    ) {
        var least = 0.0
        switch lowQuality {
        case .off: return
        case .ownBest: break
        case .inOrder(let bound): least = bound
        }
        let count = anchors.count
        let takesOwn = lowQuality == .ownBest
        var row = [Double](repeating: 0, count: count)
        for (index, box) in boxes.enumerated() where most[index] > 0 && most[index] >= least {
            row.withUnsafeMutableBufferPointer {
                BoxOverlap.union.overlaps(of: box, anchors, into: $0.baseAddress!)
            }
            let greatest = most[index]
            for anchor in 0..<count where row[anchor] == greatest {
                result[anchor] = takesOwn ? which[anchor] : Int32(index)
            }
        }
    }

    /// Lets anchors learn nothing more than half of whose area (or another share) lies in one of some boxes, such as groups of
    /// objects that are not told apart.
    public static func ignore(
        _ matches: inout [Int32], _ anchors: BoxColumns, in boxes: [Box], share: Double = 0.5
    ) {
        for box in boxes {
            for index in matches.indices where BoxOverlap.first(anchors[index], box) > share {
                matches[index] = ignored
            }
        }
    }
}
