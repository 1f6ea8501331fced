import CKernels

/// What score maps say of each pixel of an image: its class, and how probable its label is.
package struct PixelAnswers: Sendable {
    /// The class of each pixel [height, width].
    package var classes: [UInt8]
    /// -log of the probability of the label, summed over the pixels that count.
    package var loss: Double

    package init(classes: [UInt8], loss: Double = 0) { (self.classes, self.loss) = (classes, loss) }
}

extension Tensor where S == Float {
    /// The answer of one image's scores [1, h, w, K] brought to a height and width by bilinear interpolation (half-pixel
    /// centers), of which the upper left `size` is wanted. The large map is never held: bands of rows are.
    /// - Parameters:
    ///   - labels: [size], for the loss; nil without.
    ///   - ignored: the label of pixels that count for nothing.
    package func pixelAnswers(
        height: Int, width: Int, size: Pair, labels: [UInt8]? = nil, ignored: UInt8 = 255
    ) -> PixelAnswers {
        require(
            shape.rank == 4 && shape[0] == 1 && (1...256).contains(shape[3]) && size.height <= height
                && size.width <= width && (labels.map { $0.count == size.height * size.width } ?? true),
            "pixelAnswers", [shape], "the scores must be [1, h, w, K] with 256 classes at most, for \(size) pixels")
        let classes = shape[3]
        let band = max(1, (1 << 16) / (size.width * classes))
        let count = (size.height + band - 1) / band
        var losses = [Double](repeating: 0, count: count)
        var answers = [UInt8](repeating: 0, count: size.height * size.width)
        losses.withUnsafeMutableBufferPointer { losses in
            answers.withUnsafeMutableBufferPointer { answers in
                let (losses, answers) = (Places(losses), Places(answers))
                resizedBands(height: height, width: width, size: size, rows: band) { index, first, rows, scores in
                    let start = first * size.width
                    let loss = Self.answers(
                        scores, rows * size.width, classes, labels, ignored, start, answers.start + start)
                    losses.start[index] = loss
                }
            }
        }
        return PixelAnswers(classes: answers, loss: losses.reduce(0, +))
    }

    /// The answer of scores [rows, K] that are there for each pixel, from pixel `first` of the image on.
    /// - Returns: the loss of these pixels.
    package static func answers(
        _ scores: UnsafePointer<Float>, _ rows: Int, _ classes: Int, _ labels: [UInt8]?, _ ignored: UInt8, _ first: Int,
        _ output: UnsafeMutablePointer<UInt8>
    ) -> Double {
        guard let labels else { return hb_pixel_answers(scores, rows, classes, nil, ignored, output) }
        return labels.withUnsafeBufferPointer {
            hb_pixel_answers(scores, rows, classes, $0.baseAddress! + first, ignored, output)
        }
    }

    /// Lends the upper left `size` of the map [1, h, w, K] brought to a height and width, band by band, on all threads.
    /// - Parameter body: with the band's number, its first row, how many rows, and their scores [rows, size.width, K].
    package func resizedBands(
        height: Int, width: Int, size: Pair, rows band: Int,
        _ body: (_ index: Int, _ first: Int, _ rows: Int, _ scores: UnsafePointer<Float>) -> Void
    ) {
        let (rows, columns) = (
            resizeMixtures(shape[1], height, .bilinear(alignCorners: false)),
            resizeMixtures(shape[2], width, .bilinear(alignCorners: false))
        )
        let (oldWidth, classes) = (shape[2], shape[3])
        read { x in
            rows.withUnsafeBufferPointer { rows in
                columns.withUnsafeBufferPointer { columns in
                    let columns = UnsafeBufferPointer(rebasing: columns[..<size.width])
                    parallelFor(size.height, grain: band) { range in
                        let room = Storage<Float>(count: range.count * size.width * classes)
                        Float.resize(
                            x, room.pointer, width: oldWidth, channels: classes,
                            rows: UnsafeBufferPointer(rebasing: rows[range]), columns: columns)
                        body(range.lowerBound / band, range.lowerBound, range.count, room.pointer)
                    }
                }
            }
        }
    }
}

/// Places that several threads fill, each its own.
package struct Places<Value>: @unchecked Sendable {
    package let start: UnsafeMutablePointer<Value>
    package init(_ buffer: UnsafeMutableBufferPointer<Value>) { start = buffer.baseAddress! }
}
