import Tensors

/// Where a digit lies: a box in continuous coordinates, and how much it leans.
struct GlyphPlace: Sendable {
    let box: Box
    /// By how many columns of the digit a row is shifted against the next one.
    let slant: Double

    /// A random place that hides no more than half of each other one, if a few tries find one.
    init(beside others: [GlyphPlace], in size: Pair, _ random: inout Random) {
        let (low, high) = (DigitScene.digitHeights.lowerBound, DigitScene.digitHeights.upperBound)
        // More small digits than large ones.
        let part = random.uniform()
        let height = low + (high - low) * part * (0.7 + 0.3 * part)
        let width = height * random.uniform(0.75, 1.1)
        slant = random.uniform(-0.3, 0.3)
        var box = Box(left: 0, top: 0, right: width, bottom: height)
        for _ in 0..<8 {
            // A quarter may lie beyond the edges.
            let left = random.uniform(-width / 4, Double(size.width) - 0.75 * width)
            let top = random.uniform(-height / 4, Double(size.height) - 0.75 * height)
            box = Box(left: left, top: top, right: left + width, bottom: top + height)
            if others.allSatisfy({ box.shared(with: $0.box) <= 0.5 * min(box.area, $0.box.area) }) { break }
        }
        self.box = box
    }
}

extension Box {
    /// The area that two boxes have in common.
    fileprivate func shared(with other: Box) -> Double {
        max(0, min(right, other.right) - max(left, other.left))
            * max(0, min(bottom, other.bottom) - max(top, other.top))
    }
}

/// How much of each pixel a digit covers, within the rectangle that holds all of it.
struct GlyphCover: Sendable {
    let left: Int
    let top: Int
    let width: Int
    let height: Int
    /// [height, width], 0...1.
    let values: [Float]

    /// The digit's 8 x 8 values, interpolated by cubics (Keys, 1981), with edges a few pixels wide at most.
    init(_ digit: [UInt8], at place: GlyphPlace, in size: Pair) {
        let side = Digits.side
        let box = place.box
        // Strokes end within the outermost values; a leaning one reaches further.
        let lean = abs(place.slant) * Double(side) / 2 + 1
        let margin = box.width / Double(side) * lean
        let rise = box.height / Double(side)
        left = max(0, Int((box.left - margin).rounded(.down)))
        top = max(0, Int((box.top - rise).rounded(.down)))
        width = max(0, min(size.width, Int((box.right + margin).rounded(.up))) - left)
        height = max(0, min(size.height, Int((box.bottom + rise).rounded(.up))) - top)
        var values = [Float](repeating: 0, count: width * height)
        // Two values of nothing on each side, so that interpolation needs no edges.
        let wide = side + 4
        var line = [Float](repeating: 0, count: wide)
        let step = Double(side) / box.width
        for y in 0..<height {
            let row = (Double(top + y) + 0.5 - box.top) * Double(side) / box.height
            let (first, weights) = Self.taps(row - 0.5)
            for column in 0..<side {
                var sum: Float = 0
                for tap in 0..<4 where 0..<side ~= first + tap {
                    sum += weights[tap] * Float(digit[(first + tap) * side + column])
                }
                line[column + 2] = sum
            }
            let shift = place.slant * (row - Double(side) / 2)
            for x in 0..<width {
                let (start, weights) = Self.taps((Double(left + x) + 0.5 - box.left) * step + shift - 0.5)
                guard start >= -2, start + 3 < wide - 2 else { continue }
                var sum: Float = 0
                for tap in 0..<4 { sum += weights[tap] * line[start + tap + 2] }
                // Half of a pixel is covered where a stroke has a little under half of its darkness.
                values[y * width + x] = min(1, max(0, (sum / 255 - 0.28) / 0.34))
            }
        }
        self.values = values
    }

    /// The first of the four values around a place and what each of them counts.
    private static func taps(_ place: Double) -> (first: Int, weights: SIMD4<Float>) {
        let floor = place.rounded(.down)
        let t = Float(place - floor)
        let weights = SIMD4<Float>(
            ((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1, ((-1.5 * t + 2) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t)
        return (Int(floor) - 1, weights)
    }
}
