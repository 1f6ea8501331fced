import Tensors

// What the steps do that recipes of segmentation have.

/// To a multiple of the size that fits, as mmsegmentation rounds it.
func resizeRandomly(
    _ canvas: inout Canvas, scale: [Double], longSide: Int?, shortSide: Int?, filter: ResizeFilter,
    _ random: inout Random
) {
    let drawn = scale[0] < scale[1] ? random.uniform(scale[0], scale[1]) : scale[0]
    let (long, short) = (max(canvas.width, canvas.height), min(canvas.width, canvas.height))
    let limits = [(longSide, long), (shortSide, short)].compactMap { limit, side in
        limit.map { (Double($0) * drawn).rounded(.down) / Double(side) }
    }
    var factor = limits.min() ?? drawn
    // Whatever the image, the result must be held in memory.
    let most = (Double(4 * TransformPlan.mostPixels) / Double(long * short)).squareRoot()
    factor = min(factor, most, Double(1 << 15) / Double(long))
    func side(_ length: Int) -> Int { max(1, Int((Double(length) * factor + 0.5).rounded(.down))) }
    canvas.resize(width: side(canvas.width), height: side(canvas.height), filter: filter)
}

/// Cuts out a window whose pixels are of more than one class, none of them too common.
func cutWindow(
    _ canvas: inout Canvas, _ window: Pair, classShare: Double, fill: [UInt8], _ random: inout Random,
    _ guide: TransformGuide?
) {
    let (rows, columns) = (max(0, canvas.height - window.height), max(0, canvas.width - window.width))
    /// What is cut out of the image; where it is smaller, the rest is filled afterwards.
    let inner = Pair(min(canvas.height, window.height), min(canvas.width, window.width))
    func draw(_ random: inout Random) -> (x: Int, y: Int) {
        let y = random.integer(below: rows + 1)
        return (random.integer(below: columns + 1), y)
    }
    var place = draw(&random)
    if let guide, rows > 0 || columns > 0 {
        for _ in 0..<10 {
            // Only the annotation is moved: no pixel is touched for a window that is not taken.
            let motion = canvas.motion.then(.crop(canvas.size, x: place.x, y: place.y, to: inner))
            guard let found = guide.share(motion), !(found < min(1, classShare)) else { break }
            place = draw(&random)
        }
    }
    if inner != canvas.size {
        canvas.crop(x: place.x, y: place.y, width: inner.width, height: inner.height)
    }
    canvas.place(left: 0, top: 0, width: window.width, height: window.height, fill: fill)
}

/// The photometric distortion of SSD (Liu et al., 2016) as mmsegmentation does it.
func distortColors(
    _ canvas: inout Canvas, _ brightness: Double, contrast: [Double], saturation: [Double], hue: Double,
    _ random: inout Random
) {
    func changeContrast(_ canvas: inout Canvas, _ random: inout Random) {
        guard random.chance(0.5) else { return }
        let factor = random.uniform(contrast[0], contrast[1])
        canvas.mapLevels { Int(min(255, Double($0) * factor)) }
    }
    if random.chance(0.5) {
        let added = random.uniform(-brightness, brightness)
        canvas.mapLevels { Int(max(0, min(255, Double($0) + added))) }
    }
    let isFirst = random.chance(0.5)
    if isFirst { changeContrast(&canvas, &random) }
    if random.chance(0.5) { canvas.scaleSaturation(random.uniform(saturation[0], saturation[1])) }
    if random.chance(0.5) {
        let turns = random.uniform(-hue, hue)
        // A shift of nothing would round colors to those that bytes of hue and saturation tell apart.
        if Int(turns * 255) != 0 { canvas.shiftHue(turns) }
    }
    if !isFirst { changeContrast(&canvas, &random) }
}

extension TransformStep {
    /// The distortion of colors in published recipes of segmentation: brightness +-32, contrast and saturation 0.5...1.5,
    /// hue +-18 of 180.
    public static let publishedPhotometric = TransformStep.photometric(
        brightness: 32, contrast: [0.5, 1.5], saturation: [0.5, 1.5], hue: 0.1)
}
