import Tensors

extension Normalization {
    /// Measures the mean and deviation of each channel, over at most `limit` images spread evenly over the data set, as
    /// a model with this input sees them. A channel that never changes gets the deviation 1.
    public static func measured(
        on dataset: any ImageDataset, width: Int, height: Int, channels: Int, limit: Int = 2000
    ) throws -> Normalization {
        let workspace = TransformWorkspace()
        let plan = TransformPlan(
            width: width, height: height, channels: channels, training: [],
            evaluation: [.fit(width: width, height: height, filter: .bilinear)],
            normalization: Normalization(
                mean: Array(repeating: 0, count: channels), deviation: Array(repeating: 1, count: channels)))
        let transform = try Transform(plan, mode: .evaluation)
        // Whole numbers, so that the sums are exact.
        var sums = [Int](repeating: 0, count: channels)
        var squares = [Int](repeating: 0, count: channels)
        // Fewer large images tell as much: no more than two billion pixels are looked at.
        let count = min(limit, dataset.count, max(16, (1 << 31) / (width * height)))
        for i in 0..<count {
            let image = transform.prepare(try dataset.image(i * dataset.count / count), workspace)
            image.pixels.withUnsafeBufferPointer { pixels in
                for channel in 0..<channels {
                    var sum = 0
                    var square = 0
                    for p in stride(from: channel, to: pixels.count, by: channels) {
                        let value = Int(pixels[p])
                        sum += value
                        square += value * value
                    }
                    sums[channel] += sum
                    squares[channel] += square
                }
            }
        }
        let pixels = Double(max(1, count * width * height))
        var result = Normalization(mean: [], deviation: [])
        for channel in 0..<channels {
            let mean = Double(sums[channel]) / pixels
            let variance = Double(squares[channel]) / pixels - mean * mean
            // Four digits are more than the sample is worth, and read well in the weights' metadata.
            result.mean.append(Float((mean / 255 * 1e4).rounded() / 1e4))
            let deviation = (max(0, variance).squareRoot() / 255 * 1e4).rounded() / 1e4
            result.deviation.append(deviation > 0 ? Float(deviation) : 1)
        }
        return result
    }
}

/// The size and channels of a data set's images.
public struct ImageShape: Sendable, Equatable {
    public var width: Int
    public var height: Int
    public var channels: Int

    public init(width: Int, height: Int, channels: Int) {
        self.width = width
        self.height = height
        self.channels = channels
    }

    /// The shape of the first image; 3 channels if any of `limit` images, spread evenly, is in colour.
    public static func found(in dataset: any ImageDataset, limit: Int = 32) throws -> ImageShape {
        let count = min(limit, dataset.count)
        guard count > 0 else { throw DatasetError("data", "the data set holds no images") }
        let first = try dataset.image(0)
        var shape = ImageShape(width: first.width, height: first.height, channels: first.channels)
        for i in 1..<max(1, count) where shape.channels == 1 {
            shape.channels = try dataset.image(i * dataset.count / count).channels
        }
        return shape
    }
}
