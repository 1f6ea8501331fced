import Tensors

extension RunLengthMask {
    /// The pixels of the object in the moved image, by nearest neighbor.
    package func moved(by motion: Motion) -> RunLengthMask { RunLengthMask(mask.moved(by: motion), label: 1) }
}

extension Box {
    /// The middle.
    package var center: Point { Point((left + right) / 2, (top + bottom) / 2) }
}

extension Motion {
    /// Whether the target shows a place of the source.
    func shows(_ place: Point) -> Bool {
        guard let found = self.target(of: place), target.contains(found) else { return false }
        return frames.allSatisfy { $0.holds(found) }
    }

    /// The part of an outline of the target that was not cut off on the way; nil where nothing is left. Pieces that are apart
    /// stay joined by lines along the edge, which enclose nothing.
    func uncut(_ polygon: Polygon) -> Polygon? {
        let kept = frames.reduce(polygon.corners) { $1.clip($0) }
        return kept.count >= 3 ? Polygon(kept) : nil
    }

    /// The smallest box around the visible part of outlines in the target; of an affine motion.
    func visibleBox(of polygons: [Polygon]) -> Box? {
        let size = (Double(target.width), Double(target.height))
        let window = visible(Box(left: 0, top: 0, right: size.0, bottom: size.1).corners)
        var places: [Point] = []
        for polygon in polygons {
            let corners = polygon.corners
            for (index, end) in corners.enumerated() {
                places += visible([corners[index == 0 ? corners.count - 1 : index - 1], end])
            }
            // Of a window within the outline, its corners.
            places += window.filter { polygon.encloses($0) }
        }
        return Box(around: places)
    }
}

extension Polygon {
    /// Whether a place is inside, by the parity of the sides to its right.
    func encloses(_ place: Point) -> Bool {
        var isInside = false
        guard var last = corners.last else { return false }
        for corner in corners {
            if (corner.y > place.y) != (last.y > place.y) {
                let part = (place.y - corner.y) / (last.y - corner.y)
                if place.x < corner.x + part * (last.x - corner.x) { isInside.toggle() }
            }
            last = corner
        }
        return isInside
    }
}

extension Instance {
    /// The box around what is visible of a moved object's outlines or mask; not known where it has neither, and nil where
    /// nothing is visible.
    func tightBox(_ motion: Motion) -> (box: Box, isKnown: Bool)? {
        if let runs = runs ?? (mask != nil ? covered(in: motion.target) : nil) {
            return runs.area > 0 ? (runs.box, true) : nil
        }
        guard !polygons.isEmpty, motion.isAffine else { return (box, false) }
        return motion.visibleBox(of: polygons).flatMap { $0.width > 0 && $0.height > 0 ? ($0, true) : nil }
    }
}
