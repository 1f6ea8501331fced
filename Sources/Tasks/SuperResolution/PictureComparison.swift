import Datasets
import Foundation
import Tensors

/// The brightness of an image's pixels as papers on super-resolution compare it: Y of ITU-R BT.601, from 16 for black to
/// 235 for white, of bytes, not rounded; a border as wide as the scale is cut off, where the enlarging has less to go by.
package struct Luma {
    let size: Pair
    /// [height, width].
    let values: [Double]

    /// - Parameter border: pixels that are cut off on each side.
    package init(_ image: Image, border: Int) {
        let image = image.converted(channels: 3)
        let size = Pair(image.height - 2 * border, image.width - 2 * border)
        require(size.height > 0 && size.width > 0, "Luma", "nothing is left of \(image.size) pixels within \(border)")
        var values: [Double] = []
        values.reserveCapacity(size.height * size.width)
        image.pixels.withUnsafeBufferPointer { pixels in
            for y in border..<border + size.height {
                for x in border..<border + size.width {
                    let at = 3 * (y * image.width + x)
                    let (red, green, blue) = (Double(pixels[at]), Double(pixels[at + 1]), Double(pixels[at + 2]))
                    values.append(16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255)
                }
            }
        }
        (self.size, self.values) = (size, values)
    }
}

/// How near an image comes to another one.
package struct PictureComparison: Sendable, Equatable {
    /// The peak signal-to-noise ratio in decibels, at most `most`.
    package let peakSignalToNoise: Double
    /// The structural similarity (Wang et al., 2004), 1 for the same image.
    package let structuralSimilarity: Double

    /// What equal images are said to have, whose ratio is infinite.
    package static let most = 100.0
    /// Structures are compared within windows of so many pixels a side, by a Gaussian of deviation 1.5.
    package static let window = 11
    private static let deviation = 1.5

    /// Of the brightness of two images of one size, with a border cut off that leaves a window at least.
    package init(_ image: Image, _ truth: Image, border: Int) {
        self.init(Luma(image, border: border), Luma(truth, border: border))
    }

    /// Of two images of one size, which is a window's at least.
    package init(_ x: Luma, _ y: Luma) {
        require(
            x.size == y.size && min(x.size.height, x.size.width) >= Self.window, "PictureComparison",
            "images of \(x.size) and \(y.size) pixels cannot be compared in windows of \(Self.window)")
        var squares = 0.0
        for (a, b) in zip(x.values, y.values) { squares += (a - b) * (a - b) }
        let error = squares / Double(x.values.count)
        peakSignalToNoise = error > 0 ? min(Self.most, 10 * log10(255 * 255 / error)) : Self.most
        structuralSimilarity = Self.similarity(x, y)
    }

    private static let weights: [Double] = {
        let bell = (0..<window).map { index -> Double in
            let distance = Double(index - window / 2)
            return exp(-distance * distance / (2 * deviation * deviation))
        }
        let sum = bell.reduce(0, +)
        return bell.map { $0 / sum }
    }()

    /// The mean over all windows that lie within the images.
    private static func similarity(_ x: Luma, _ y: Luma) -> Double {
        let (first, second): (Double, Double) = (0.0001 * 255 * 255, 0.0009 * 255 * 255)
        func blurred(_ value: (Double, Double) -> Double) -> [Double] {
            blur(zip(x.values, y.values).map { value($0, $1) }, x.size)
        }
        let (meanX, meanY) = (blurred { a, _ in a }, blurred { _, b in b })
        let (squareX, squareY, product) = (
            blurred { a, _ in a * a }, blurred { _, b in b * b }, blurred { a, b in a * b }
        )
        var sum = 0.0
        for index in meanX.indices {
            let (a, b) = (meanX[index], meanY[index])
            let spread = squareX[index] - a * a + (squareY[index] - b * b)
            let common = product[index] - a * b
            sum += (2 * a * b + first) * (2 * common + second) / ((a * a + b * b + first) * (spread + second))
        }
        return sum / Double(meanX.count)
    }

    /// Weighted means over the windows, rows first.
    private static func blur(_ values: [Double], _ size: Pair) -> [Double] {
        let (height, width) = (size.height - window + 1, size.width - window + 1)
        var rows = [Double](repeating: 0, count: size.height * width)
        var result = [Double](repeating: 0, count: height * width)
        values.withUnsafeBufferPointer { values in
            rows.withUnsafeMutableBufferPointer { rows in
                for y in 0..<size.height {
                    for (tap, weight) in weights.enumerated() {
                        let source = y * size.width + tap
                        for x in 0..<width { rows[y * width + x] += weight * values[source + x] }
                    }
                }
                result.withUnsafeMutableBufferPointer { result in
                    for y in 0..<height {
                        for (tap, weight) in weights.enumerated() {
                            let source = (y + tap) * width
                            for x in 0..<width { result[y * width + x] += weight * rows[source + x] }
                        }
                    }
                }
            }
        }
        return result
    }
}
