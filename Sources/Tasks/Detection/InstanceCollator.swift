import Datasets
import Tensors

/// Puts the objects of a batch's images together.
public struct InstanceCollator: Collator {
    private let learnsMasks: Bool

    /// - Parameter learnsMasks: whether the pixels of each object are drawn.
    public init(learnsMasks: Bool = false) { self.learnsMasks = learnsMasks }

    /// No.
    public var looksAcrossImages: Bool { false }

    /// The objects in the input's pixels; those without an area, or that the data says to pass over, are not learnt.
    public func collate(
        _ annotations: [LocatedInstances], _ images: ImageBatch, _ random: inout Random
    ) -> InstanceTargets {
        let size = Pair(images.height, images.width)
        return InstanceTargets(size: size, images: annotations.map { target($0, size) })
    }

    private func target(_ located: LocatedInstances, _ size: Pair) -> InstanceTarget {
        var target = InstanceTarget(
            boxes: [], labels: [], visible: located.visiblePart(of: size), located: located)
        for item in located.placed.items where !item.isIgnored {
            guard item.box.width > 0, item.box.height > 0, item.box.isFinite else { continue }
            if item.isCrowd {
                target.crowds.append(item.box)
                continue
            }
            target.boxes.append(item.box)
            target.labels.append(Int32(truncatingIfNeeded: item.classIndex))
            if learnsMasks { target.masks.append(item.covered(in: size)) }
        }
        return target
    }
}

extension LocatedInstances {
    /// Height and width of the part at the upper left of an input that the image takes; the rest is padding.
    func visiblePart(of size: Pair) -> Pair {
        guard let motion, motion.isAffine else { return size }
        let places = [(0, 0), (1, 0), (0, 1), (1, 1)].compactMap { x, y in
            motion.target(
                of: Point(Double(x * motion.source.width), Double(y * motion.source.height)))
        }
        guard places.count == 4 else { return size }
        func side(_ values: [Double], _ most: Int) -> Int {
            let end = (values.max() ?? 0).rounded()
            return end.isFinite ? max(1, min(most, Int(max(0, min(end, Double(most)))))) : most
        }
        return Pair(side(places.map(\.y), size.height), side(places.map(\.x), size.width))
    }
}
