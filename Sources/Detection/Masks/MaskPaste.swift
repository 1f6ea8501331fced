import Datasets
import Tensors

/// Puts the small square mask that a network gives for a region where the region lies in the image.
public struct MaskPaste: Codable, Hashable, Sendable {
    /// `mmdetection` reads the mask between its places at each pixel's center, whatever the resolution; `torchvision` enlarges
    /// it to whole pixels first.
    public var style: DetectorStyle
    /// What a pixel's value must reach to belong to the object.
    public var threshold: Double

    /// - Parameter threshold: what a pixel's value must reach to belong to the object.
    public init(_ style: DetectorStyle = .mmdetection, threshold: Double = 0.5) {
        (self.style, self.threshold) = (style, threshold)
    }

    /// The pixels of the image that belong to the object.
    /// - Parameters:
    ///   - mask: probabilities [side.height, side.width].
    ///   - box: where the mask lies, in the image's pixels; it may reach beyond the image. One without an area gives no pixels
    ///     by mmdetection's rules.
    ///   - size: height and width of the image.
    public func paste(_ mask: [Double], _ side: Pair, _ box: Box, _ size: Pair) -> RunLengthMask {
        require(
            mask.count == side.height * side.width && side.height > 0 && side.width > 0, "MaskPaste",
            "\(mask.count) numbers are not a mask of \(side)")
        guard let (columns, rows) = taps(side, box, size) else { return RunLengthMask(empty: size) }
        var runs = RunBuilder()
        runs.add(columns.start * size.height, isObject: false)
        let below = size.height - rows.start - rows.taps.count
        var blended = [Double](repeating: 0, count: side.height)
        for column in columns.taps {
            for row in 0..<side.height { blended[row] = column.blend(mask, row * side.width) }
            runs.add(rows.start, isObject: false)
            for row in rows.taps { runs.add(1, isObject: row.blend(blended, 0) >= threshold) }
            runs.add(below, isObject: false)
        }
        runs.add((size.width - columns.start - columns.taps.count) * size.height, isObject: false)
        return runs.mask(size)
    }

    /// Where a pixel's value comes from along one axis: two neighboring places of the mask.
    private struct Tap {
        var low = 0
        var high = 0
        var weightLow = 0.0
        var weightHigh = 0.0

        func blend(_ values: [Double], _ offset: Int) -> Double {
            weightLow * values[offset + low] + weightHigh * values[offset + high]
        }
    }

    /// The pixels along one axis that the mask reaches, from `start` on.
    private struct Axis {
        var start = 0
        var taps: [Tap] = []
    }

    private func taps(_ side: Pair, _ box: Box, _ size: Pair) -> (columns: Axis, rows: Axis)? {
        guard box.left.isFinite, box.top.isFinite, box.right.isFinite, box.bottom.isFinite else { return nil }
        let columns: Axis
        let rows: Axis
        switch style {
        case .mmdetection:
            columns = Self.sampled(side.width, box.left, box.right, size.width)
            rows = Self.sampled(side.height, box.top, box.bottom, size.height)
        case .torchvision:
            columns = Self.enlarged(side.width, box.left, box.right, size.width)
            rows = Self.enlarged(side.height, box.top, box.bottom, size.height)
        }
        return columns.taps.isEmpty || rows.taps.isEmpty ? nil : (columns, rows)
    }

    /// A pixel's center reads the mask between two of its places; beyond them there are zeros.
    private static func sampled(_ side: Int, _ from: Double, _ to: Double, _ length: Int) -> Axis {
        guard to > from else { return Axis() }
        let limit = Double(length)
        let start = Int(min(max((from - 0.5).rounded(.down), 0), limit))
        let end = Int(min(max((to + 0.5).rounded(.up), 0), limit))
        guard end > start else { return Axis() }
        let taps = (start..<end).map { pixel in
            let place = (Double(pixel) + 0.5 - from) / (to - from) * Double(side) - 0.5
            let low = place.rounded(.down)
            guard low >= -1, low < Double(side) else { return Tap() }
            let (index, part) = (Int(low), place - low)
            return Tap(
                low: max(index, 0), high: min(index + 1, side - 1), weightLow: index >= 0 ? 1 - part : 0,
                weightHigh: index + 1 < side ? part : 0)
        }
        return Axis(start: start, taps: taps)
    }

    /// The mask gets a border of zeros of one place and the box grows with it; it is then as many whole pixels.
    private static func enlarged(_ side: Int, _ from: Double, _ to: Double, _ length: Int) -> Axis {
        let padded = side + 2
        let half = (to - from) * 0.5 * (Double(padded) / Double(side))
        let center = (to + from) * 0.5
        let bounds = -1e9...1e9
        guard bounds.contains(center - half), bounds.contains(center + half) else { return Axis() }
        let (first, last) = (Int(center - half), Int(center + half))
        let pixels = max(last - first + 1, 1)
        let (start, end) = (max(first, 0), min(last + 1, length))
        guard end > start else { return Axis() }
        let scale = Double(padded) / Double(pixels)
        let taps = (start..<end).map { pixel in
            let place = max(0, (Double(pixel - first) + 0.5) * scale - 0.5)
            let index = min(Int(place), padded - 1)
            let next = min(index + 1, padded - 1)
            let part = place - Double(index)
            let inside = 1...side
            return Tap(
                low: min(max(index - 1, 0), side - 1), high: min(max(next - 1, 0), side - 1),
                weightLow: inside.contains(index) ? 1 - part : 0, weightHigh: inside.contains(next) ? part : 0)
        }
        return Axis(start: start, taps: taps)
    }
}
