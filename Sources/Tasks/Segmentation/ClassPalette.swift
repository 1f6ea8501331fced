import Tensors

/// Colors for classes, and pictures painted in them.
struct ClassPalette: Sendable {
    /// Red, green and blue of each class.
    let colors: [[UInt8]]
    /// Left as the image is, in overlays.
    private let background: Int?

    /// The given colors, or else those of PASCAL VOC's table, its black left to a background.
    init(_ settings: SegmentationSettings, classes: Int) {
        background = settings.background
        colors =
            settings.colors.count == classes
            ? settings.colors
            : (0..<classes).map { index in
                if index == settings.background { return [0, 0, 0] }
                // Class 0 is black in the table; without a background every class has a color.
                return Self.color(
                    settings.background == nil ? index + 1 : index == 0 ? settings.background ?? 0 : index)
            }
    }

    /// The table of PASCAL VOC: the bits of the number, three at a time, are the highest bits of red, green and blue.
    private static func color(_ number: Int) -> [UInt8] {
        var color = [0, 0, 0]
        for bit in 0..<8 {
            for channel in 0..<3 { color[channel] |= (number >> (3 * bit + channel) & 1) << (7 - bit) }
        }
        return color.map { UInt8(truncatingIfNeeded: $0) }
    }

    private func blend(_ pixel: UInt8, _ color: UInt8, _ share: Int) -> UInt8 {
        UInt8((Int(pixel) * (256 - share) + Int(color) * share) >> 8)
    }

    /// The image's pixels [.., 3] with each pixel's class over them; background and ignored pixels stay as they are.
    func overlay(_ pixels: [UInt8], _ labels: some Collection<UInt8>) -> [UInt8] {
        var painted = pixels
        for (index, label) in labels.enumerated() where Int(label) < colors.count && Int(label) != background {
            for channel in 0..<3 {
                painted[3 * index + channel] = blend(pixels[3 * index + channel], colors[Int(label)][channel], 144)
            }
        }
        return painted
    }

    /// The classes alone, ignored pixels in grey.
    func painted(_ labels: some Collection<UInt8>) -> [UInt8] {
        labels.flatMap { Int($0) < colors.count ? colors[Int($0)] : [128, 128, 128] }
    }

    /// The image in grey, red where the answer is wrong, white where nothing counts.
    func errors(_ pixels: [UInt8], _ answers: [UInt8], _ mask: some Collection<UInt8>, ignored: UInt8) -> [UInt8] {
        var painted = pixels
        for (index, label) in mask.enumerated() {
            let grey = (0..<3).reduce(0) { $0 + Int(pixels[3 * index + $1]) } / 3
            let dim = UInt8(64 + grey / 2)
            let color: [UInt8] =
                label == ignored ? [235, 235, 235] : answers[index] == label ? [dim, dim, dim] : [214, 39, 40]
            for channel in 0..<3 { painted[3 * index + channel] = color[channel] }
        }
        return painted
    }
}
