import Tensors

// What the steps do that recipes of detection have.

/// The image in the upper left corner of a larger one.
func placeInCorner(_ canvas: inout Canvas, _ size: Pair, enlarges: Bool, filter: ResizeFilter, fill: [UInt8]) {
    let fitting = min(Double(size.width) / Double(canvas.width), Double(size.height) / Double(canvas.height))
    if enlarges || fitting < 1 {
        func side(_ length: Int, _ most: Int) -> Int {
            max(1, min(most, Int((Double(length) * fitting + 0.5).rounded(.down))))
        }
        canvas.resize(
            width: side(canvas.width, size.width), height: side(canvas.height, size.height), filter: filter)
    }
    canvas.place(left: 0, top: 0, width: size.width, height: size.height, fill: fill)
}

/// To a drawn length of the shorter side, or as far as the longer side may grow.
func resizeSides(
    _ canvas: inout Canvas, _ short: [Int], isRange: Bool, longSide: Int, filter: ResizeFilter, _ random: inout Random
) {
    guard let low = short.min(), let high = short.max() else { return }
    var drawn = low
    if low < high {
        drawn = isRange ? low + random.integer(below: high - low + 1) : short[random.integer(below: short.count)]
    }
    resizeRandomly(&canvas, scale: [1, 1], longSide: longSide, shortSide: drawn, filter: filter, &random)
}

/// A window with sides drawn from ranges.
func cutPart(
    _ canvas: inout Canvas, height: [Int], width: [Int], allowsEmpty: Bool, _ random: inout Random,
    _ guide: TransformGuide?
) {
    func side(_ range: [Int], _ length: Int, _ random: inout Random) -> Int {
        let (low, high) = (min(length, range[0]), min(length, range[1]))
        return low + random.integer(below: high - low + 1)
    }
    var (size, x, y) = (canvas.size, 0, 0)
    for _ in 0..<11 {
        size = Pair(side(height, canvas.height, &random), side(width, canvas.width, &random))
        y = random.integer(below: canvas.height - size.height + 1)
        x = random.integer(below: canvas.width - size.width + 1)
        guard !allowsEmpty, let guide else { break }
        // Only boxes are moved: no pixel is touched for a window that is not taken.
        let boxes = guide.boxes(canvas.motion.then(.crop(canvas.size, x: x, y: y, to: size)))
        guard let boxes, boxes.isEmpty else { break }
    }
    if size != canvas.size { canvas.crop(x: x, y: y, width: size.width, height: size.height) }
}

/// The crops of SSD (Liu et al., 2016) as mmdetection does them: one of all overlaps, no crop at all, or any crop, is drawn;
/// fifty windows are tried, and then another draw is made.
func cutByOverlap(
    _ canvas: inout Canvas, _ overlaps: [Double], smallest: Double, _ random: inout Random, _ guide: TransformGuide?
) {
    let boxes = guide.flatMap { $0.boxes(canvas.motion) } ?? []
    for _ in 0..<50 {
        let choice = random.integer(below: overlaps.count + 2)
        if choice == 0 { return }
        let least = choice <= overlaps.count ? overlaps[choice - 1] : 0
        for _ in 0..<50 {
            guard let window = drawWindow(canvas.size, smallest: smallest, &random) else { continue }
            if boxes.contains(where: { window.overlap($0) < least }) { continue }
            let isSeen = boxes.contains { box in
                let center = box.center
                return window.left < center.x && center.x < window.right && window.top < center.y
                    && center.y < window.bottom
            }
            // Without objects any window is as good.
            guard isSeen || boxes.isEmpty else { continue }
            canvas.crop(
                x: Int(window.left), y: Int(window.top), width: Int(window.width), height: Int(window.height),
                keepsCenters: true)
            return
        }
    }
}

/// A window of whole pixels, neither side more than twice the other; nil where what was drawn is none.
private func drawWindow(_ size: Pair, smallest: Double, _ random: inout Random) -> Box? {
    let width = random.uniform(smallest * Double(size.width), Double(size.width))
    let height = random.uniform(smallest * Double(size.height), Double(size.height))
    guard 0.5...2 ~= height / width else { return nil }
    let left = random.uniform(0, Double(size.width) - width)
    let top = random.uniform(0, Double(size.height) - height)
    let box = Box(
        left: left.rounded(.down), top: top.rounded(.down), right: (left + width).rounded(.down),
        bottom: (top + height).rounded(.down))
    return box.width > 0 && box.height > 0 ? box : nil
}

extension Box {
    /// What two boxes have in common, of what either covers.
    fileprivate func overlap(_ other: Box) -> Double {
        let width = min(right, other.right) - max(left, other.left)
        let height = min(bottom, other.bottom) - max(top, other.top)
        guard width > 0, height > 0 else { return 0 }
        return width * height / (area + other.area - width * height)
    }
}
