import Tensors

extension Instance {
    /// The object in an image that was moved with displacements; nil where less than `leastVisible` of it is left.
    func displaced(by motion: Motion, _ leastVisible: Double) -> Instance? {
        var result = self
        result.polygons = polygons.compactMap { $0.moved(by: motion) }
        let whole: Double
        if let mask = mask ?? runs?.mask {
            let moved = mask.moved(by: motion)
            let pixels = moved.labels.indices.filter { moved.labels[$0] != moved.ignored && moved.labels[$0] != 0 }
            let corners = pixels.flatMap { index in
                let (x, y) = (Double(index % moved.size.width), Double(index / moved.size.width))
                return [Point(x, y), Point(x + 1, y + 1)]
            }
            guard let around = Box(around: corners) else { return nil }
            (result.box, result.area) = (around, Double(pixels.count))
            if self.mask != nil { result.mask = moved }
            if runs != nil { result.runs = RunLengthMask(moved, label: 1) }
            whole = Double(mask.labels.count { $0 != mask.ignored && $0 != 0 }) * motion.areaScale
        } else {
            let places = sides(parts: 16).compactMap { motion.target(of: $0) }
            guard let around = Box(around: places) else { return nil }
            let (width, height) = (Double(motion.target.width), Double(motion.target.height))
            let left = Box(
                left: min(max(around.left, 0), width), top: min(max(around.top, 0), height),
                right: min(max(around.right, 0), width), bottom: min(max(around.bottom, 0), height))
            guard left.area > 0 else { return nil }
            result.box = left
            result.area = area * motion.areaScale * left.area / around.area
            return left.area / around.area >= leastVisible ? result : nil
        }
        // Displacements change areas a little.
        return result.area >= leastVisible * whole * 0.9 ? result : nil
    }

    /// Places along the sides of the box, the corners among them.
    private func sides(parts: Int) -> [Point] {
        let corners = box.corners
        return corners.indices.flatMap { index in
            let (start, end) = (corners[index], corners[(index + 1) % 4])
            return (0..<parts).map { step in
                let part = Double(step) / Double(parts)
                return Point(start.x + part * (end.x - start.x), start.y + part * (end.y - start.y))
            }
        }
    }
}
