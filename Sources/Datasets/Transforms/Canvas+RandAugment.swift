import CImages

// The operations of RandAugment that Pillow has and the other steps do not need; equal to Pillow's byte for byte.
extension Canvas {
    /// Output (x, y) is the input at matrix (x, y, 1), in continuous coordinates, `fill` outside.
    mutating func transform(_ matrix: [Double], filter: ResizeFilter, fill: [UInt8]) {
        materialize()
        moved(Motion(matrix: matrix, from: size, to: size))
        let target = free()
        let output = scratch[target].reserve(width * height * channels)
        hb_sample_affine(
            view.pixels, view.width, view.height, view.channels, matrix, filter == .bicubic ? 1 : 0, fill, output)
        adopt(target, width: width, height: height)
    }

    /// Blends with a smoothed image: above 1 sharpens, below 1 blurs.
    mutating func blendWithSmooth(_ factor: Double) {
        materialize()
        let target = free()
        let output = scratch[target].reserve(width * height * channels)
        hb_sharpen(view.pixels, view.width, view.height, view.channels, Float(factor), output)
        adopt(target, width: width, height: height)
    }

    /// Sends each channel's bytes through a table of 256.
    mutating func mapChannels(_ table: (_ channel: Int) -> [UInt8]) {
        let tables = (0..<channels).flatMap { table($0) }
        hb_apply_levels(editable(), width * height, Int32(channels), tables)
    }

    mutating func mapLevels(_ level: (Int) -> Int) {
        let table = (0..<256).map { UInt8(max(0, min(255, level($0)))) }
        mapChannels { _ in table }
    }

    /// How often each byte occurs, [channel][256].
    private mutating func levelCounts() -> [[Int]] {
        materialize()
        var counts = [UInt32](repeating: 0, count: channels * 256)
        hb_count_levels(view.pixels, width * height, view.channels, &counts)
        return (0..<channels).map { channel in counts[channel * 256..<(channel + 1) * 256].map { Int($0) } }
    }

    /// Spreads each channel's values over 0...255.
    mutating func stretchContrast() {
        let counts = levelCounts()
        mapChannels { channel in
            let low = counts[channel].firstIndex { $0 > 0 } ?? 0
            let high = counts[channel].lastIndex { $0 > 0 } ?? 0
            guard high > low else { return (0...255).map { UInt8($0) } }
            let scale = 255 / Double(high - low)
            let offset = -Double(low) * scale
            return (0..<256).map { UInt8(max(0, min(255, Double($0) * scale + offset))) }
        }
    }

    /// Maps each channel so that its values are spread as evenly as they can be.
    mutating func equalize() {
        let counts = levelCounts()
        mapChannels { channel in
            let last = counts[channel].last { $0 > 0 } ?? 0
            let step = (counts[channel].reduce(0, +) - last) / 255
            guard step > 0 else { return (0...255).map { UInt8($0) } }
            var sum = step / 2
            return counts[channel].map { count in
                defer { sum += count }
                return UInt8(min(255, sum / step))
            }
        }
    }
}
