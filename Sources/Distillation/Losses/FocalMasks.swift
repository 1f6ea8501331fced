import Tensors

/// FGD's masks over the positions of a map, [N, H W] each, from the boxes of the objects: on an object one over the number
/// of cells that it takes, the largest where several overlap, so that large objects count no more than small ones; beside
/// all objects an equal share of 1. Yang et al., arXiv 2111.11837, equations 2 to 4.
///
/// A box takes the cells from the floor of its left to the ceiling of its right side, both included, and likewise the
/// rows; its number of cells counts those beyond the border too.
package struct FocalMasks: Sendable, Equatable {
    /// On objects; 0 elsewhere.
    package var foreground: [Double]
    /// Beside objects; 1 / (H W) everywhere where there are none.
    package var background: [Double]

    /// - Parameters:
    ///   - regions: nil for images whose objects are not known, which are all background.
    ///   - map: height and width of the map, which covers the padded input.
    ///   - followsReference: whether boxes are divided by the size of each image without its padding, as the authors'
    ///     program does.
    package init(_ regions: LossRegions?, images: Int, map: Pair, followsReference: Bool = false) {
        let cells = map.height * map.width
        foreground = [Double](repeating: 0, count: images * cells)
        background = foreground
        require(
            regions.map { $0.boxes.count == images } ?? true, "FocalMasks", [[images, map.height, map.width]],
            "there must be boxes for \(images) images, not for \(regions?.boxes.count ?? 0)")
        for image in 0..<images {
            let own = image * cells..<(image + 1) * cells
            if let regions {
                let size = followsReference ? regions.validSizes[image] : regions.size
                for box in regions.boxes[image] { paint(box, in: size, on: map, from: own.lowerBound) }
            }
            let free = own.count { foreground[$0] == 0 }
            for cell in own where foreground[cell] == 0 { background[cell] = 1 / Double(free) }
        }
    }

    private mutating func paint(_ box: LossBox, in size: Pair, on map: Pair, from first: Int) {
        let columns = Self.cells(box.left, box.right, size.width, map.width)
        let rows = Self.cells(box.top, box.bottom, size.height, map.height)
        guard let columns, let rows else { return }
        let share = 1 / Double(rows.count * columns.count)
        for row in rows.clamped(to: 0..<map.height) {
            for column in columns.clamped(to: 0..<map.width) {
                let cell = first + row * map.width + column
                foreground[cell] = max(foreground[cell], share)
            }
        }
    }

    /// The cells between two sides; nil where they are no numbers.
    private static func cells(_ low: Double, _ high: Double, _ size: Int, _ cells: Int) -> Range<Int>? {
        // Far beyond the border it does not matter how far.
        let limit = 1e6
        let start = (low / Double(max(1, size)) * Double(cells)).rounded(.down)
        let end = (high / Double(max(1, size)) * Double(cells)).rounded(.up)
        guard start.isFinite, end.isFinite, start <= end else { return nil }
        return Int(max(-limit, min(limit, start)))..<Int(max(-limit, min(limit, end))) + 1
    }
}
