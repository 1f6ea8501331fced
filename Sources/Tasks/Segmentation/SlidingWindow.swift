import Datasets
import Tensors

/// Asks a model about an image window by window, as mmsegmentation does it: windows in steps, the last one of a row or
/// column moved back inside; scores are summed and divided by how many windows saw a pixel. Of the score map it holds no
/// more rows than a window has.
struct SlidingWindow {
    private let inference: SegmentationInference
    private let image: Image
    private let mask: Mask?
    private let window: Pair

    init(_ inference: SegmentationInference, _ image: Image, _ mask: Mask?) {
        (self.inference, self.image, self.mask) = (inference, image, mask)
        window = Self.window(inference, image.size)
    }

    private static func window(_ inference: SegmentationInference, _ size: Pair) -> Pair {
        Pair(min(inference.settings.window.height, size.height), min(inference.settings.window.width, size.width))
    }

    /// Where windows begin along a side.
    static func starts(_ side: Int, window: Int, stride: Int) -> [Int] {
        let count = max(side - window + stride - 1, 0) / stride + 1
        return (0..<count).map { min($0 * stride, side - window) }
    }

    func answer() throws -> PixelAnswers {
        let (height, width) = (image.height, image.width)
        let rows = Self.starts(height, window: window.height, stride: inference.settings.stride.height)
        let columns = Self.starts(width, window: window.width, stride: inference.settings.stride.width)
        var answers = PixelAnswers(classes: [UInt8](repeating: 0, count: height * width))
        var band: ScoreBand?
        for (index, y) in rows.enumerated() {
            for x in columns {
                let part = inference.pixels(image, rows: y..<y + window.height, columns: x..<x + window.width)
                let scores = try inference.fullScores(part)
                if band == nil { band = ScoreBand(rows: window.height, width: width, classes: scores.shape[3]) }
                band?.add(scores, at: x)
            }
            let end = index + 1 < rows.count ? rows[index + 1] : height
            band?.finish(end - y, first: y, mask, &answers)
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
                if total == nil { total = ScoreBand(rows: size.height, width: size.width, classes: scores.shape[3]) }
                total?.add(scores, at: x, row: y)
            }
        }
        return total?.mean ?? .zeros([1, size.height, size.width, 1])
    }
}

/// Summed scores of some rows of an image [rows, width, K], and how many windows saw each pixel.
private struct ScoreBand {
    private let rows: Int
    private let width: Int
    private let classes: Int
    private var sums: [Float]
    private var visits: [Float]

    init(rows: Int, width: Int, classes: Int) {
        (self.rows, self.width, self.classes) = (rows, width, classes)
        sums = Array(repeating: 0, count: rows * width * classes)
        visits = Array(repeating: 0, count: rows * width)
    }

    mutating func add(_ scores: Tensor<Float>, at x: Int, row first: Int = 0) {
        let (height, wide) = (scores.shape[1], scores.shape[2])
        let (width, classes) = (width, classes)
        sums.withUnsafeMutableBufferPointer { sums in
            visits.withUnsafeMutableBufferPointer { visits in
                let (sums, visits) = (Places(sums), Places(visits))
                scores.read { scores in
                    let source = Places(
                        UnsafeMutableBufferPointer(start: UnsafeMutablePointer(mutating: scores), count: 1))
                    parallelFor(height, grain: 16) { range in
                        for y in range {
                            let at = (first + y) * width + x
                            let (target, from) = (
                                sums.start + at * classes, source.start + y * wide * classes
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
    mutating func finish(_ count: Int, first: Int, _ mask: Mask?, _ answers: inout PixelAnswers) {
        for pixel in 0..<count * width where visits[pixel] > 1 {
            for index in pixel * classes..<(pixel + 1) * classes { sums[index] /= visits[pixel] }
        }
        let (width, classes, ignored) = (width, classes, mask?.ignored ?? 255)
        let start = first * width
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
                                start + row * width, output.start + start + row * width)
                        }
                    }
                }
            }
        }
        answers.loss += losses.reduce(0, +)
        sums.removeFirst(count * width * classes)
        sums += [Float](repeating: 0, count: count * width * classes)
        visits.removeFirst(count * width)
        visits += [Float](repeating: 0, count: count * width)
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
