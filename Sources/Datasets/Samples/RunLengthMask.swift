import Tensors

/// The pixels of an object as COCO's files have them: how many pixels in turn do not and do belong to it, down each column
/// and from column to column, the first number being of those that do not (and so possibly 0).
public struct RunLengthMask: Sendable, Hashable {
    /// Height and width of the image in pixels.
    public let size: Pair
    /// The lengths of the runs; they add up to the number of pixels.
    public let counts: [UInt32]

    /// Runs that are known to add up.
    init(unchecked size: Pair, _ counts: [UInt32]) { (self.size, self.counts) = (size, counts) }

    /// A mask of some runs.
    /// - Throws: `RunLengthError` unless they add up to the pixels of the image.
    public init(size: Pair, counts: [UInt32]) throws(RunLengthError) {
        let pixels = try Self.pixels(of: size)
        var sum = 0
        for count in counts {
            sum += Int(count)
            guard sum <= pixels else { throw .tooMany(pixels: pixels) }
        }
        guard sum == pixels else { throw .tooFew(found: sum, pixels: pixels) }
        self.init(unchecked: size, counts)
    }

    /// No pixel of an image whose size `check` lets pass.
    public init(empty size: Pair) { self.init(unchecked: size, [UInt32(size.height * size.width)]) }

    /// How many pixels an image of this size has; no more than an image may have.
    static func pixels(of size: Pair) throws(RunLengthError) -> Int {
        let (pixels, overflow) = size.height.multipliedReportingOverflow(by: size.width)
        guard size.height > 0, size.width > 0, !overflow, pixels <= Image.maximumPixels else {
            throw .size(size, most: Image.maximumPixels)
        }
        return pixels
    }

    /// - Throws: `RunLengthError` unless an image may have this size.
    package static func check(_ size: Pair) throws(RunLengthError) { _ = try pixels(of: size) }

    /// How many pixels belong to the object.
    public var area: Int {
        var (sum, index) = (0, 1)
        while index < counts.count {
            sum += Int(counts[index])
            index += 2
        }
        return sum
    }
}
