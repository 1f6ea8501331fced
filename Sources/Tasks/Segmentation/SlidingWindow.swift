import Datasets
import Tensors

/// Asks a model about an image window by window, as mmsegmentation does it: windows in steps, the last one of a row or
/// column moved back inside; scores are summed and divided by how many windows saw a pixel. Of the score map it holds no
/// more rows than a window has, and where that would still be much, of wide images with many classes, a strip of columns
/// after the other: windows across a border are then asked twice, and what comes out is the same.
package struct SlidingWindow {
    /// Scores of a strip that are held at most, unless a single window has more: 384 MB of them.
    private static let heldScores = 96 << 20

    private let inference: SegmentationInference
    private let image: Image
    private let mask: Mask?
    private let window: Pair

    package init(_ inference: SegmentationInference, _ image: Image, _ mask: Mask?) {
        (self.inference, self.image, self.mask) = (inference, image, mask)
        window = Self.window(inference, image.size)
    }

    private static func window(_ inference: SegmentationInference, _ size: Pair) -> Pair {
        Pair(min(inference.settings.window.height, size.height), min(inference.settings.window.width, size.width))
    }

    /// Where windows begin along a side.
    package static func starts(_ side: Int, window: Int, stride: Int) -> [Int] {
        let count = max(side - window + stride - 1, 0) / stride + 1
        return (0..<count).map { min($0 * stride, side - window) }
    }

    /// Columns [first, end) of strips that hold no more than so many scores for each row of a window; borders lie where
    /// windows begin.
    package static func strips(_ starts: [Int], side: Int, window: Int, widest: Int) -> [Range<Int>] {
        var strips: [Range<Int>] = []
        var first = 0
        for (index, start) in starts.enumerated() where start > first {
            let end = index + 1 < starts.count ? starts[index + 1] : side
            if end - first > max(widest, window) {
                strips.append(first..<start)
                first = start
            }
        }
        return strips + [first..<side]
    }

    /// The class of each pixel, and the loss where there is a mask.
    /// - Parameter heldScores: how many scores of a strip are held at most.
    package func answer(holding heldScores: Int = Self.heldScores) throws -> PixelAnswers {
        let (height, width) = (image.height, image.width)
        let rows = Self.starts(height, window: window.height, stride: inference.settings.stride.height)
        let columns = Self.starts(width, window: window.width, stride: inference.settings.stride.width)
        var answers = PixelAnswers(classes: [UInt8](repeating: 0, count: height * width))
        let classes = inference.model.classes
        let strips = Self.strips(
            columns, side: width, window: window.width, widest: heldScores / (window.height * classes))
        for strip in strips {
            var band: ScoreBand?
            for (index, y) in rows.enumerated() {
                for x in columns where x < strip.upperBound && x + window.width > strip.lowerBound {
                    let part = inference.pixels(image, rows: y..<y + window.height, columns: x..<x + window.width)
                    let scores = try inference.fullScores(part)
                    if band == nil {
                        band = ScoreBand(rows: window.height, columns: strip, classes: scores.shape[3])
                    }
                    band?.add(scores, at: x)
                }
                let end = index + 1 < rows.count ? rows[index + 1] : height
                band?.finish(end - y, first: y, imageWidth: width, mask, &answers)
            }
        }
        return answers
    }

    /// The scores of all windows of normalised pixels [1, H, W, C] together, [1, H, W, K].
    static func scores(_ inference: SegmentationInference, _ input: Tensor<Float>) throws -> Tensor<Float> {
        let size = Pair(input.shape[1], input.shape[2])
        let window = window(inference, size)
        var total: ScoreBand?
        for y in starts(size.height, window: window.height, stride: inference.settings.stride.height) {
            for x in starts(size.width, window: window.width, stride: inference.settings.stride.width) {
                let scores = try inference.fullScores(input.part(Pair(y, x), window))
                if total == nil {
                    total = ScoreBand(rows: size.height, columns: 0..<size.width, classes: scores.shape[3])
                }
                total?.add(scores, at: x, row: y)
            }
        }
        return total?.mean ?? .zeros([1, size.height, size.width, 1])
    }
}

/// Summed scores of some rows and columns of an image [rows, columns, K], and how many windows saw each pixel.
private struct ScoreBand {
    private let rows: Int
    private let columns: Range<Int>
    private let classes: Int
    private var sums: [Float]
    private var visits: [Float]

    private var width: Int { columns.count }

    init(rows: Int, columns: Range<Int>, classes: Int) {
        (self.rows, self.columns, self.classes) = (rows, columns, classes)
        sums = Array(repeating: 0, count: rows * columns.count * classes)
        visits = Array(repeating: 0, count: rows * columns.count)
    }

    /// Adds what a window says of these columns.
    /// - Parameter x: the image's column where the window begins.
    mutating func add(_ scores: Tensor<Float>, at x: Int, row first: Int = 0) {
        let (height, windowWidth) = (scores.shape[1], scores.shape[2])
        let seen = (x..<x + windowWidth).clamped(to: columns)
        let (skipped, start) = (seen.lowerBound - x, seen.lowerBound - columns.lowerBound)
        let (wide, width, classes) = (seen.count, width, classes)
        sums.withUnsafeMutableBufferPointer { sums in
            visits.withUnsafeMutableBufferPointer { visits in
                let (sums, visits) = (Places(sums), Places(visits))
                scores.read { scores in
                    let source = Places(
                        UnsafeMutableBufferPointer(start: UnsafeMutablePointer(mutating: scores), count: 1))
                    parallelFor(height, grain: 16) { range in
                        for y in range {
                            let at = (first + y) * width + start
                            let (target, from) = (
                                sums.start + at * classes,
                                source.start + (y * windowWidth + skipped) * classes
                            )
                            for index in 0..<wide * classes { target[index] += from[index] }
                            for index in 0..<wide { visits.start[at + index] += 1 }
                        }
                    }
                }
            }
        }
    }

    /// Divides the first rows, which no other window sees, answers them, and moves the others up.
    mutating func finish(
        _ count: Int, first: Int, imageWidth: Int, _ mask: Mask?, _ answers: inout PixelAnswers
    ) {
        for pixel in 0..<count * width where visits[pixel] > 1 {
            for index in pixel * classes..<(pixel + 1) * classes { sums[index] /= visits[pixel] }
        }
        let (width, classes, ignored) = (width, classes, mask?.ignored ?? 255)
        let start = first * imageWidth + columns.lowerBound
        var losses = [Double](repeating: 0, count: count)
        sums.withUnsafeBufferPointer { sums in
            answers.classes.withUnsafeMutableBufferPointer { output in
                losses.withUnsafeMutableBufferPointer { losses in
                    let (output, losses) = (Places(output), Places(losses))
                    let base = Places(UnsafeMutableBufferPointer(mutating: sums))
                    parallelFor(count, grain: 16) { range in
                        for row in range {
                            losses.start[row] = Tensor<Float>.answers(
                                base.start + row * width * classes, width, classes, mask?.labels, ignored,
                                start + row * imageWidth, output.start + start + row * imageWidth)
                        }
                    }
                }
            }
        }
        answers.loss += losses.reduce(0, +)
        Self.moveUp(&sums, by: count * width * classes)
        Self.moveUp(&visits, by: count * width)
    }

    /// In place, since a band may be large; zeros follow.
    private static func moveUp(_ values: inout [Float], by count: Int) {
        values.withUnsafeMutableBufferPointer { values in
            guard let start = values.baseAddress else { return }
            let kept = values.count - count
            start.update(from: start + count, count: kept)
            (start + kept).update(repeating: 0, count: count)
        }
    }

    /// The mean scores [1, rows, width, K].
    var mean: Tensor<Float> {
        var values = sums
        for pixel in visits.indices where visits[pixel] > 1 {
            for index in pixel * classes..<(pixel + 1) * classes { values[index] /= visits[pixel] }
        }
        return Tensor([1, rows, width, classes], values)
    }
}

extension Tensor where S == Float {
    /// A part of one image [1, H, W, C], whose upper left corner is at `start`.
    fileprivate func part(_ start: Pair, _ size: Pair) -> Tensor {
        let (width, channels) = (shape[2], shape[3])
        return Tensor([1, size.height, size.width, channels]) { output in
            read { input in
                for y in 0..<size.height {
                    (output + y * size.width * channels).update(
                        from: input + ((start.height + y) * width + start.width) * channels,
                        count: size.width * channels)
                }
            }
        }
    }
}
