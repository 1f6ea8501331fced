import Autograd
import Datasets
import Layers
import Tensors

/// Asks a model for larger images: those of any size tile by tile, so that memory is bounded. Neighbors overlap, and what a
/// tile says of its own margin is not used, since a model sees less there.
package struct Enlarger {
    private let model: any FeatureModel
    private let store: ParameterStore<Float>
    private let normalization: Normalization
    private let scale: Int
    /// Of a tile, in pixels of the small image, its margins included.
    private let tile: Int

    /// Pixels of the small image around a tile: about as far as HDSRNet looks.
    package static let margin = 24

    /// - Parameter tile: the side of a tile, in pixels of the small image; by default one that becomes 512 pixels.
    package init(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ normalization: Normalization, scale: Int,
        tile: Int? = nil
    ) {
        (self.model, self.store, self.normalization, self.scale) = (model, store, normalization, scale)
        self.tile = tile ?? 512 / scale
        require(self.tile > 2 * Self.margin, "Enlarger", "a tile of \(self.tile) pixels has margins of \(Self.margin)")
    }

    /// An enlarged image, and how far its colors are off before they become bytes.
    struct Answer {
        let image: Image
        /// The sum over all values of what `distance` says of them and of the truth's; of the values alone without one.
        let loss: Double
    }

    /// One image, enlarged.
    package func enlarged(_ image: Image) throws -> Image { try answers([image])[0].image }

    /// Enlarges images of one size; those that fit into a tile go through the model together.
    /// - Parameters:
    ///   - truths: the large images, for the loss.
    ///   - distance: of two colors from 0 to 1.
    func answers(
        _ images: [Image], truths: [Image] = [], distance: (Float) -> Double = { _ in 0 }
    ) throws -> [Answer] {
        guard let first = images.first else { return [] }
        let size = first.size
        var bytes = images.map { _ in
            [UInt8](repeating: 0, count: 3 * scale * scale * size.height * size.width)
        }
        var losses = images.map { _ in 0.0 }
        for rows in Self.tiles(size.height, tile) {
            for columns in Self.tiles(size.width, tile) {
                _ = try model.taps(height: rows.seen.count, width: columns.seen.count)
                let input = Variable(input(images, rows: rows.seen, columns: columns.seen))
                let output = model(input, .evaluation(store)).answer[0].value
                output.read { output in
                    for index in images.indices {
                        losses[index] += take(
                            output + index * 3 * scale * scale * rows.seen.count * columns.seen.count, rows, columns,
                            width: size.width, into: &bytes[index],
                            truth: truths.indices.contains(index) ? truths[index] : nil, distance)
                    }
                }
            }
        }
        return zip(bytes, losses).map { bytes, loss in
            let image = Image(
                width: scale * size.width, height: scale * size.height, channels: 3, pixels: bytes)
            return Answer(image: image, loss: loss)
        }
    }

    /// What a tile is asked about, and what of its answer is used, in pixels of the small image.
    package struct Span: Equatable {
        package let seen: Range<Int>
        package let used: Range<Int>
    }

    /// Tiles along a side, the last one moved back inside.
    package static func tiles(_ side: Int, _ tile: Int) -> [Span] {
        if side <= tile { return [Span(seen: 0..<side, used: 0..<side)] }
        let step = tile - 2 * margin
        let count = (side - 2 * margin + step - 1) / step
        return (0..<count).map { index in
            let start = min(index * step, side - tile)
            let first = index == 0 ? 0 : index * step + margin
            let end = index == count - 1 ? side : (index + 1) * step + margin
            return Span(seen: start..<start + tile, used: first..<end)
        }
    }

    private func input(_ images: [Image], rows: Range<Int>, columns: Range<Int>) -> Tensor<Float> {
        let table = (0..<3).map { normalization.levels(channel: $0) }
        return Tensor([images.count, rows.count, columns.count, 3]) { output in
            var target = output
            for image in images {
                let colored = image.converted(channels: 3)
                for y in rows {
                    for x in columns {
                        for channel in 0..<3 {
                            target[channel] = table[channel][Int(colored.pixels[3 * (y * image.width + x) + channel])]
                        }
                        target += 3
                    }
                }
            }
        }
    }

    /// Writes the used part of a tile's answer.
    /// - Returns: the sum of the distances from the truth.
    private func take(
        _ output: UnsafePointer<Float>, _ rows: Span, _ columns: Span, width: Int, into bytes: inout [UInt8],
        truth: Image?, _ distance: (Float) -> Double
    ) -> Double {
        var loss = 0.0
        let line = 3 * scale * columns.seen.count
        for y in scale * rows.used.lowerBound..<scale * rows.used.upperBound {
            let source = output + (y - scale * rows.seen.lowerBound) * line
            for x in 3 * scale * columns.used.lowerBound..<3 * scale * columns.used.upperBound {
                let value = source[x - 3 * scale * columns.seen.lowerBound]
                let at = y * 3 * scale * width + x
                bytes[at] = Image.byte(value)
                loss += distance(value - (truth.map { Float($0.pixels[at]) / 255 } ?? 0))
            }
        }
        return loss
    }
}
