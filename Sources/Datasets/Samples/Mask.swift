import Tensors

/// A label map: a class, or any other number that has no order, for each pixel.
///
/// It moves by nearest neighbor and has no other way to move: a value between two labels would be a third one. So a
/// moved mask holds values that it held before, and the value to be ignored where the image shows padding.
public struct Mask: Annotation, Equatable {
    /// Height and width in pixels.
    public let size: Pair
    /// The labels [height, width].
    public let labels: [UInt8]
    /// The label of pixels that count for nothing, those of padding among them.
    public let ignored: UInt8

    /// A label map of `size`.
    /// - Parameters:
    ///   - labels: row by row [height, width].
    ///   - ignored: the label of pixels that count for nothing.
    public init(size: Pair, labels: [UInt8], ignored: UInt8 = 255) {
        require(
            size.height > 0 && size.width > 0 && labels.count == size.height * size.width, "Mask",
            "\(labels.count) labels are not \(size) pixels")
        (self.size, self.labels, self.ignored) = (size, labels, ignored)
    }

    /// The label of a pixel.
    public subscript(y: Int, x: Int) -> UInt8 {
        require(
            0..<size.height ~= y && 0..<size.width ~= x, "Mask", "pixel (\(y), \(x)) is not one of \(size)")
        return labels[y * size.width + x]
    }

    /// Each pixel of the moved mask takes the label of the pixel in which its center lay, and the ignored one where the
    /// image shows padding.
    public func moved(by motion: Motion) -> Mask {
        require(motion.source == size, "Mask", "a motion of \(motion.source) pixels does not move \(size)")
        let target = motion.target
        let moved = [UInt8](unsafeUninitializedCapacity: target.height * target.width) { output, count in
            labels.withUnsafeBufferPointer { input in
                motion.isAligned
                    ? moveAligned(motion, input, output) : moveAny(motion, input, output)
            }
            count = target.height * target.width
        }
        return Mask(size: target, labels: moved, ignored: ignored)
    }

    /// The part of the pixels that are not ignored which has the commonest label; 1 where all are ignored.
    public var commonestShare: Double? {
        var counts = [Int](repeating: 0, count: 256)
        for label in labels { counts[Int(label)] += 1 }
        counts[Int(ignored)] = 0
        let total = counts.reduce(0, +)
        return total > 0 ? Double(counts.max() ?? 0) / Double(total) : 1
    }

    private func moveAny(
        _ motion: Motion, _ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>
    ) {
        var position = 0
        for y in 0..<motion.target.height {
            for x in 0..<motion.target.width {
                let place = motion.visibleSource(of: Point(Double(x) + 0.5, Double(y) + 0.5))
                output[position] =
                    if let place {
                        input[Pair.pixel(place.y, size.height) * size.width + Pair.pixel(place.x, size.width)]
                    } else {
                        ignored
                    }
                position += 1
            }
        }
    }

    /// Where columns stay columns, each has one source.
    private func moveAligned(
        _ motion: Motion, _ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>
    ) {
        let columns = (0..<motion.target.width).map { x in
            motion.visibleX(of: Double(x) + 0.5).map { Pair.pixel($0, size.width) } ?? -1
        }
        var position = 0
        for y in 0..<motion.target.height {
            let row = motion.visibleY(of: Double(y) + 0.5).map { Pair.pixel($0, size.height) * size.width }
            for column in columns {
                output[position] = if let row, column >= 0 { input[row + column] } else { ignored }
                position += 1
            }
        }
    }
}
