import Synchronization
import Tensors

extension Normalization {
    /// Measures the mean and deviation of each channel, over at most `limit` images spread evenly over the data set, as
    /// a model with this input sees them. A channel that never changes gets the deviation 1.
    ///
    /// Images are cut as for `ImageFit.crop`; for the others, which cut nothing, whole ones are measured. For an input
    /// beyond 512 x 512 pixels a smaller one is measured, which has nearly the same values and takes less time.
    public static func measured(
        on dataset: any ImageDataset, width: Int, height: Int, channels: Int, fit: ImageFit = .crop, limit: Int = 2000
    ) throws -> Normalization {
        do {
            return try measuredPlainly(
                on: dataset, width: width, height: height, channels: channels, fit: fit, limit: limit)
        } catch let error as DatasetError { throw dataset.explained(error) }
    }

    private static func measuredPlainly(
        on dataset: any ImageDataset, width: Int, height: Int, channels: Int, fit: ImageFit, limit: Int
    ) throws -> Normalization {
        let (width, height) = measuredSize(width, height)
        let plan = TransformPlan(
            width: width, height: height, channels: channels, training: [],
            evaluation: [
                fit == .crop
                    ? .fit(width: width, height: height, filter: .bilinear)
                    : .resize(width: width, height: height, filter: .bilinear)
            ],
            normalization: Normalization(
                mean: Array(repeating: 0, count: channels), deviation: Array(repeating: 1, count: channels)))
        let transform = try Transform(plan, mode: .evaluation)
        let count = min(limit, dataset.count)
        let total = Mutex(LevelSums(channels: channels))
        parallelFor(count, grain: 16) { range in
            let workspace = TransformWorkspace()
            var own = LevelSums(channels: channels)
            for i in range {
                let index = i * dataset.count / count
                do { own.add(transform.prepare(try dataset.image(index), workspace).image) } catch {
                    own.note(error, at: index)
                }
            }
            total.withLock { $0.add(own) }
        }
        return try total.withLock { try $0.normalization(pixels: max(1, count * width * height)) }
    }

    private static func measuredSize(_ width: Int, _ height: Int) -> (width: Int, height: Int) {
        guard width * height > 512 * 512 else { return (width, height) }
        let scale = (256.0 * 256 / Double(width * height)).squareRoot()
        return (max(1, Int(Double(width) * scale)), max(1, Int(Double(height) * scale)))
    }
}

/// Sums over the bytes of some images. They are whole numbers, so that they do not depend on the order.
private struct LevelSums {
    private var sums: [Int]
    private var squares: [Int]
    private var failure: (index: Int, error: any Error)?

    init(channels: Int) {
        sums = Array(repeating: 0, count: channels)
        squares = sums
    }

    mutating func add(_ image: Image) {
        image.pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<sums.count {
                var sum = 0
                var square = 0
                for p in stride(from: channel, to: pixels.count, by: sums.count) {
                    let value = Int(pixels[p])
                    sum += value
                    square += value * value
                }
                sums[channel] += sum
                squares[channel] += square
            }
        }
    }

    /// Of several errors the one of the first image is thrown, whatever thread was faster.
    mutating func note(_ error: any Error, at index: Int) {
        if index < failure?.index ?? .max { failure = (index, error) }
    }

    mutating func add(_ other: LevelSums) {
        for channel in 0..<sums.count {
            sums[channel] += other.sums[channel]
            squares[channel] += other.squares[channel]
        }
        if let failure = other.failure { note(failure.error, at: failure.index) }
    }

    func normalization(pixels: Int) throws -> Normalization {
        if let failure { throw failure.error }
        var result = Normalization(mean: [], deviation: [])
        for channel in 0..<sums.count {
            let mean = Double(sums[channel]) / Double(pixels)
            let variance = Double(squares[channel]) / Double(pixels) - mean * mean
            // Four digits are more than the sample is worth, and read well in the weights' metadata.
            result.mean.append(Float((mean / 255 * 1e4).rounded() / 1e4))
            let deviation = (max(0, variance).squareRoot() / 255 * 1e4).rounded() / 1e4
            result.deviation.append(deviation > 0 ? Float(deviation) : 1)
        }
        return result
    }
}
