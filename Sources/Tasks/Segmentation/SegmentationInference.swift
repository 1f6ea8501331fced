import Autograd
import Datasets
import Layers
import Tensors

/// Asks a model about the pixels of images in their own size: all of an image at once or window by window, at several
/// scales, mirrored as well. What it says of an image depends on nothing but the image, the weights and the settings.
package struct SegmentationInference {
    let model: any FeatureModel
    let store: ParameterStore<Float>
    let normalization: Normalization
    let settings: SegmentationSettings

    /// Asks such a model.
    package init(
        model: any FeatureModel, store: ParameterStore<Float>, normalization: Normalization,
        settings: SegmentationSettings
    ) {
        (self.model, self.store, self.normalization, self.settings) = (model, store, normalization, settings)
    }

    /// Sides that models which halve images as often as theirs can take; images are padded up to it where their own
    /// size is refused.
    private static let granularity = 32

    private var channels: Int { normalization.mean.count }

    /// What the model says of an image.
    /// - Parameters:
    ///   - mask: its labels, for the loss.
    ///   - mode: instead of the settings' one.
    /// - Throws: `ModelError` where the model cannot take images of such a size.
    func answer(_ image: Image, mask: Mask? = nil, mode: SegmentationSettings.Mode? = nil) throws -> PixelAnswers {
        let isSimple = settings.scales == [1] && !settings.flip
        switch mode ?? settings.mode {
        case .whole where isSimple:
            let input = fitted(image, scale: 1)
            let (scores, padded) = try scores(pixels(input))
            return answers(scores, padded: padded, input: input.size, image: image.size, mask)
        case .slide where isSimple && settings.fit == nil:
            return try SlidingWindow(self, image, mask).answer()
        case let mode: return try averaged(image, mask, mode)
        }
    }

    /// What the model says of several images of one size, which go through it together.
    func answers(_ images: [(image: Image, mask: Mask?)]) throws -> [PixelAnswers] {
        guard settings.mode == .whole, settings.scales == [1], !settings.flip, images.count > 1,
            let size = images.first?.image.size, images.allSatisfy({ $0.image.size == size })
        else { return try images.map { try answer($0.image, mask: $0.mask) } }
        let inputs = images.map { fitted($0.image, scale: 1) }
        let (scores, padded) = try scores(stacked(inputs.map(pixels)))
        return images.enumerated().map { index, sample in
            answers(
                scores.sample(index), padded: padded, input: inputs[index].size, image: sample.image.size, sample.mask)
        }
    }

    private func answers(
        _ scores: Tensor<Float>, padded: Pair, input: Pair, image: Pair, _ mask: Mask?
    ) -> PixelAnswers {
        // The padding's share of the score map lies beyond the image, at the right and at the bottom.
        func whole(_ side: Int, _ input: Int, _ padded: Int) -> Int {
            padded == input ? side : (side * padded + input - 1) / input
        }
        return scores.pixelAnswers(
            height: whole(image.height, input.height, padded.height),
            width: whole(image.width, input.width, padded.width), size: image, labels: mask?.labels,
            ignored: mask?.ignored ?? 255)
    }

    /// The image in the size that it is given to the model in.
    func fitted(_ image: Image, scale: Double) -> Image {
        let (height, width) = (Double(image.height), Double(image.width))
        var factor = scale
        if let fit = settings.fit {
            let (long, short) = (max(fit.height, fit.width), min(fit.height, fit.width))
            factor *= min(Double(long) / max(height, width), Double(short) / min(height, width))
        }
        let size = Pair(max(1, Int(height * factor + 0.5)), max(1, Int(width * factor + 0.5)))
        return size == image.size ? image : image.resized(to: size)
    }

    /// Normalised pixels [1, H, W, C].
    func pixels(_ image: Image) -> Tensor<Float> {
        pixels(image, rows: 0..<image.height, columns: 0..<image.width)
    }

    /// Normalised pixels of a part [1, H, W, C]; beyond the image there are zeros.
    func pixels(_ image: Image, rows: Range<Int>, columns: Range<Int>) -> Tensor<Float> {
        let image = image.converted(channels: channels)
        let table = (0..<channels).map { normalization.levels(channel: $0) }
        let channels = channels
        return Tensor([1, rows.count, columns.count, channels]) { output in
            let output = UnsafeMutableBufferPointer(
                start: output, count: rows.count * columns.count * channels)
            let places = Places(output)
            parallelFor(rows.count, grain: 32) { part in
                for row in part {
                    var target = places.start + row * columns.count * channels
                    let y = rows.lowerBound + row
                    for x in columns {
                        let isInside = y < image.height && x < image.width
                        let source = (y * image.width + x) * channels
                        for channel in 0..<channels {
                            target[channel] = isInside ? table[channel][Int(image.pixels[source + channel])] : 0
                        }
                        target += channels
                    }
                }
            }
        }
    }

    private func stacked(_ inputs: [Tensor<Float>]) -> Tensor<Float> {
        let shape = inputs[0].shape
        let count = inputs[0].elementCount
        return Tensor([inputs.count, shape[1], shape[2], shape[3]]) { output in
            for (index, input) in inputs.enumerated() { input.copy(into: output + index * count) }
        }
    }

    /// The head's scores [N, h, w, K] for images [N, H, W, C], and the size that these were padded to.
    func scores(_ images: Tensor<Float>) throws -> (Tensor<Float>, padded: Pair) {
        let size = Pair(images.shape[1], images.shape[2])
        var padded = size
        if (try? model.taps(height: size.height, width: size.width)) == nil {
            func up(_ side: Int) -> Int { (side + Self.granularity - 1) / Self.granularity * Self.granularity }
            padded = Pair(up(size.height), up(size.width))
            _ = try model.taps(height: padded.height, width: padded.width)
        }
        let input = padded == size ? images : images.padded(to: padded)
        return (model(Variable(input), .evaluation(store)).answer[0].value, padded)
    }

    /// The class scores of one image as it stands, [H, W, K] of its own size.
    func fullScores(_ input: Tensor<Float>) throws -> Tensor<Float> {
        let size = Pair(input.shape[1], input.shape[2])
        let (scores, padded) = try scores(input)
        let large = scores.resized(height: padded.height, width: padded.width, .bilinear(alignCorners: false))
        return padded == size ? large : large.cropped(to: size)
    }
}

extension Tensor where S == Float {
    /// One image of several, [1, H, W, C].
    func sample(_ index: Int) -> Tensor {
        let size = elementCount / shape[0]
        return Tensor([1, shape[1], shape[2], shape[3]]) { output in
            read { output.update(from: $0 + index * size, count: size) }
        }
    }

    /// With zeros at the right and at the bottom, [N, height, width, C].
    func padded(to size: Pair) -> Tensor {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        return Tensor([shape[0], size.height, size.width, channels]) { output in
            output.initialize(repeating: 0, count: shape[0] * size.height * size.width * channels)
            read { input in
                for row in 0..<shape[0] * height {
                    let (image, y) = (row / height, row % height)
                    (output + (image * size.height + y) * size.width * channels).update(
                        from: input + row * width * channels, count: width * channels)
                }
            }
        }
    }

    /// The upper left part [N, height, width, C].
    func cropped(to size: Pair) -> Tensor {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        return Tensor([shape[0], size.height, size.width, channels]) { output in
            read { input in
                for row in 0..<shape[0] * size.height {
                    let (image, y) = (row / size.height, row % size.height)
                    (output + row * size.width * channels).update(
                        from: input + (image * height + y) * width * channels, count: size.width * channels)
                }
            }
        }
    }

    /// With left and right exchanged.
    func mirrored() -> Tensor {
        let (width, channels) = (shape[2], shape[3])
        return Tensor(shape) { output in
            read { input in
                for row in 0..<shape[0] * shape[1] {
                    for x in 0..<width {
                        (output + (row * width + x) * channels).update(
                            from: input + (row * width + width - 1 - x) * channels, count: channels)
                    }
                }
            }
        }
    }
}
