import Datasets
import Tensors

/// The labels of a batch's pixels.
public struct Masks: Targets {
    /// Of each mask, in pixels.
    public let size: Pair
    /// [count, height, width], classes; `ignored` counts for nothing.
    public let labels: [UInt8]
    /// The label of pixels that count for nothing.
    public let ignored: UInt8

    /// - Parameters:
    ///   - size: of each mask.
    ///   - labels: [count, height, width].
    ///   - ignored: the label of pixels that count for nothing.
    public init(size: Pair, labels: [UInt8], ignored: UInt8 = 255) {
        (self.size, self.labels, self.ignored) = (size, labels, ignored)
    }

    /// The masks of those images.
    public func part(_ range: Range<Int>) -> Masks {
        let pixels = size.height * size.width
        return Masks(
            size: size, labels: Array(labels[range.lowerBound * pixels..<range.upperBound * pixels]), ignored: ignored)
    }

    /// The mask of one image.
    public subscript(index: Int) -> ArraySlice<UInt8> {
        let pixels = size.height * size.width
        return labels[index * pixels..<(index + 1) * pixels]
    }
}

/// Puts masks together.
public struct MaskCollator: Collator {
    /// The masks as they are.
    public init() {}
    /// No.
    public var looksAcrossImages: Bool { false }

    /// The masks of the images, one behind the other.
    public func collate(_ annotations: [Mask], _ images: ImageBatch, _ random: inout Random) -> Masks {
        let size = Pair(images.height, images.width)
        var labels: [UInt8] = []
        labels.reserveCapacity(annotations.count * size.height * size.width)
        for mask in annotations {
            require(mask.size == size, "MaskCollator", "a mask of \(mask.size) is of no image of \(size)")
            labels += mask.labels
        }
        return Masks(size: size, labels: labels, ignored: annotations.first?.ignored ?? 255)
    }
}
