import Datasets
import Foundation
import JSON
import Tensors

/// Images as a model sees them, small enough for a report.
enum Thumbnails {
    /// Takes the normalisation of an image off again: bytes [height, width, channels].
    static func bytes(_ batch: Batch, _ index: Int, _ normalization: Normalization) -> [UInt8] {
        let size = batch.height * batch.width * batch.channels
        let (mean, deviation) = (normalization.mean, normalization.deviation)
        return batch.images[index * size..<(index + 1) * size].enumerated().map { position, value in
            let channel = position % batch.channels
            let pixel = value * deviation[channel] + mean[channel]
            return pixel.isFinite ? UInt8(min(max((pixel * 255).rounded(), 0), 255)) : 0
        }
    }

    /// An image of at most `limit` pixels a side: means of blocks.
    static func reduced(_ pixels: [UInt8], width: Int, height: Int, channels: Int, limit: Int)
        -> (pixels: [UInt8], width: Int, height: Int)
    {
        let factor = max(1, (max(width, height) + limit - 1) / limit)
        guard factor > 1 else { return (pixels, width, height) }
        let (newWidth, newHeight) = (max(1, width / factor), max(1, height / factor))
        var result: [UInt8] = []
        result.reserveCapacity(newWidth * newHeight * channels)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                for channel in 0..<channels {
                    var sum = 0
                    var count = 0
                    for v in y * factor..<min(height, (y + 1) * factor) {
                        for u in x * factor..<min(width, (x + 1) * factor) {
                            sum += Int(pixels[(v * width + u) * channels + channel])
                            count += 1
                        }
                    }
                    result.append(UInt8((sum + count / 2) / max(1, count)))
                }
            }
        }
        return (result, newWidth, newHeight)
    }

    /// Some images of a data set as the evaluation sees them, in that order.
    static func evaluation(
        _ dataset: any ImageDataset, _ indices: [Int], _ data: PreparedData, _ recipe: Recipe, limit: Int
    ) throws -> [JSONValue] {
        guard !indices.isEmpty else { return [] }
        var options = LoaderOptions(batchSize: indices.count, threads: 0, cacheBudget: 0)
        options.shuffles = false
        let loader = BatchLoader(
            SubsetDataset(dataset, indices: indices), transform: try Transform(data.plan, mode: .evaluation),
            options: options)
        loader.start(epoch: 0)
        guard let batch = try loader.next() else { return [] }
        return (0..<batch.count).map { encoded(batch, $0, data, limit: limit) }
    }

    private static func encoded(_ batch: Batch, _ index: Int, _ data: PreparedData, limit: Int) -> JSONValue {
        let small = reduced(
            bytes(batch, index, data.plan.normalization), width: batch.width, height: batch.height,
            channels: batch.channels, limit: limit)
        return [
            "width": .integer(small.width), "height": .integer(small.height), "channels": .integer(batch.channels),
            "pixels": .string(Data(small.pixels).base64EncodedString()),
        ]
    }

    /// One image each of up to ten classes, plain and as some epochs of training might see it, `report/samples.json`.
    static func samples(
        _ data: PreparedData, _ recipe: Recipe, limit: Int = 64, variants count: Int = 5
    ) throws -> JSONValue {
        let train = data.splits.train
        var chosen: [Int] = []
        var seen: Set<Int> = []
        for index in 0..<train.count where chosen.count < min(10, data.splits.classNames.count) {
            if seen.insert(train.label(index)).inserted { chosen.append(index) }
        }
        guard !chosen.isEmpty else { return .null }
        let subset = SubsetDataset(train, indices: chosen)
        var recipe = recipe
        recipe.training.batchSize = chosen.count
        recipe.training.loaderThreads = 0
        let loader = try data.loader(subset, recipe: recipe, training: true)
        var variants = chosen.map { _ in [JSONValue]() }
        var (width, height) = (data.plan.width, data.plan.height)
        for epoch in 0..<count {
            loader.start(epoch: epoch)
            guard let batch = try loader.next() else { break }
            for row in 0..<batch.count {
                let small = reduced(
                    bytes(batch, row, data.plan.normalization), width: batch.width, height: batch.height,
                    channels: batch.channels, limit: limit)
                (width, height) = (small.width, small.height)
                variants[batch.indices[row]].append(.string(Data(small.pixels).base64EncodedString()))
            }
        }
        let plain = try evaluation(train, chosen, data, recipe, limit: limit)
        let images = zip(chosen, zip(plain, variants)).map { index, pictures -> JSONValue in
            [
                "label": .integer(train.label(index)), "name": .string(train.name(index)),
                "original": pictures.0["pixels"] ?? .null, "variants": .array(pictures.1),
            ]
        }
        return [
            "width": .integer(width), "height": .integer(height), "channels": .integer(data.plan.channels),
            "images": .array(images),
        ]
    }
}
