// Detection: readers of images with objects in boxes, what the files may say, and what is made of it.

import Tensors

/// What is known of an image in detection: its objects in its own pixels, and, once it moved, where they are in the
/// model's input.
public struct LocatedInstances: Annotation {
    /// The image's id in its file, or its index where files give none.
    public var identifier: Int64
    /// The objects in the decoded image's pixels, all of them: crowds, difficult ones and boxes without an area included.
    public var original: Instances
    /// From the decoded image to the model's input; nil before the image moved.
    public var motion: Motion?
    /// The objects in the input's pixels; equal to `original` before the image moved. Boxes are what is visible of them.
    public var placed: Instances

    /// The objects of an image that has not moved.
    public init(identifier: Int64, original: Instances) {
        (self.identifier, self.original, motion, placed) = (identifier, original, nil, original)
    }

    /// The same objects with `placed` where they went: by the whole motion from the decoded image, so that nothing is
    /// rounded twice.
    public func moved(by next: Motion) -> LocatedInstances {
        var result = self
        let total = motion?.then(next) ?? next
        result.motion = total
        result.placed = original.moved(by: total)
        return result
    }

    /// The objects of all parts, each clipped to its own part, in the order of the parts.
    public static var joining: (@Sendable (_ parts: [JoinedPart<Self>], _ size: Pair) -> Self)? {
        return { parts, size in
            var whole = Instances(size: size, items: [])
            if let rules = parts.first?.annotation.original {
                whole.leastVisible = rules.leastVisible
                (whole.needsCenters, whole.tightensBoxes) = (rules.needsCenters, rules.tightensBoxes)
            }
            for part in parts {
                // Nothing reaches into a neighbor, or beyond the joined image, where a later step may put padding.
                let own = part.annotation.original.moved(by: part.resized).withOutlinesInside
                whole.items += own.moved(by: part.placed).withOutlinesInside.items
            }
            return LocatedInstances(identifier: parts.first?.annotation.identifier ?? 0, original: whole)
        }
    }

    /// The boxes of all but crowds.
    public func objectBoxes(movedBy next: Motion) -> [Box]? {
        original.objectBoxes(movedBy: motion?.then(next) ?? next)
    }
}

extension Instances {
    /// The same with outlines that end at the image's edges.
    fileprivate var withOutlinesInside: Instances {
        let edges = Motion.identity(size)
        var result = self
        for index in items.indices {
            result.items[index].polygons = items[index].polygons.compactMap { polygon in
                let kept = edges.visible(polygon.corners)
                return kept.count >= 3 ? Polygon(kept) : nil
            }
        }
        return result
    }
}
