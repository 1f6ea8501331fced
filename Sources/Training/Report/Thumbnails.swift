import Datasets
import Foundation
import JSON
import Tasks
import Tensors

/// Images as a model sees them, small enough for a report.
struct Thumbnails<Annotation: Datasets.Annotation> {
    private let data: PreparedData<Annotation>
    private let recipe: Recipe

    init(_ data: PreparedData<Annotation>, _ recipe: Recipe) { (self.data, self.recipe) = (data, recipe) }

    /// Takes the normalisation of an image off again: bytes [height, width, channels].
    private func bytes(_ batch: ImageBatch, _ index: Int) -> [UInt8] {
        let size = batch.valueCount
        return data.plan.normalization.bytes(batch.pixels[index * size..<(index + 1) * size])
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

    /// A picture of the batch with what is said of it, small.
    private func small<Task: LearningTask>(
        _ task: Task, _ batch: Batch<Task.Target>, _ row: Int, limit: Int
    ) -> (pixels: [UInt8], width: Int, height: Int) {
        let images = batch.images
        let limit = limit * task.thumbnailScale
        let plain = bytes(images, row)
        let small = Self.reduced(
            plain, width: images.width, height: images.height, channels: images.channels, limit: limit)
        if let painted = task.paintedSmall(
            small.pixels, channels: images.channels, size: Pair(small.height, small.width), batch.targets, row: row)
        {
            return (painted, small.width, small.height)
        }
        let pixels = task.painted(plain, channels: images.channels, batch.targets, row: row)
        return Self.reduced(
            pixels, width: images.width, height: images.height, channels: task.paintsTargets ? 3 : images.channels,
            limit: limit)
    }

    /// Some images of a data set as the evaluation sees them, in that order.
    func evaluation(
        _ dataset: any AnnotatedDataset<Annotation>, _ indices: [Int], limit: Int
    ) throws -> [JSONValue] {
        guard !indices.isEmpty else { return [] }
        let loader = BatchLoader(
            SubsetDataset(dataset, indices: indices), transform: try Transform(data.plan, mode: .evaluation),
            collator: ImagesOnly(), options: LoaderOptions(batchSize: indices.count, threads: 0, cacheBudget: 0))
        loader.start(epoch: 0)
        guard let batch = try loader.next()?.images else { return [] }
        return (0..<batch.count).map { row in
            let small = small(batch, row, limit: limit)
            return [
                "width": .integer(small.width), "height": .integer(small.height), "channels": .integer(batch.channels),
                "pixels": .string(Data(small.pixels).base64EncodedString()),
            ]
        }
    }

    /// Where the model finds its answers to some images of a data set: each with its picture, and with the heat over it as
    /// Grad-CAM has it.
    func explanations(
        _ dataset: any AnnotatedDataset<Annotation>, _ images: [ExplainedImage], _ explainer: Explainer, limit: Int
    ) throws -> [JSONValue] {
        let pictures = try evaluation(dataset, images.map(\.index), limit: limit)
        let transform = try Transform(data.plan, mode: .evaluation)
        let plan = data.plan
        return try zip(images, pictures).map { image, picture in
            var options = ExplanationOptions(.gradcam)
            options.classIndex = image.classIndex
            let input = Tensor<Float>(
                [1, plan.height, plan.width, plan.channels], transform(try dataset.image(image.index)))
            var json = picture
            json["name"] = .string(dataset.name(image.index))
            for member in image.members { json[member.name] = member.value }
            json["heat"] = try explainer.explain(input, options).heat.json
            return json
        }
    }

    private func small(_ batch: ImageBatch, _ row: Int, limit: Int) -> (pixels: [UInt8], width: Int, height: Int) {
        Self.reduced(
            bytes(batch, row), width: batch.width, height: batch.height, channels: batch.channels, limit: limit)
    }

    /// Images that the task finds worth showing, plain and as some epochs of training might see them,
    /// `report/samples.json`.
    func samples<Task: LearningTask>(
        _ task: Task, limit: Int = 64, variants count: Int = 5
    ) throws -> JSONValue where Task.Annotation == Annotation {
        let train = data.splits.train
        let chosen = try task.showcase(train)
        guard !chosen.isEmpty else { return .null }
        let subset = SubsetDataset(train, indices: chosen.map(\.index))
        var recipe = recipe
        recipe.training.batchSize = chosen.count
        recipe.training.loaderThreads = 0
        let loader = try data.loader(subset, task.collator(training: true), recipe, training: true, fills: true)
        var variants = chosen.map { _ in [JSONValue]() }
        var (width, height) = (data.plan.width, data.plan.height)
        for epoch in 0..<count {
            loader.start(epoch: epoch)
            guard let batch = try loader.next() else { break }
            for row in 0..<batch.count {
                let small = small(task, batch, row, limit: limit)
                (width, height) = (small.width, small.height)
                variants[batch.indices[row]].append(.string(Data(small.pixels).base64EncodedString()))
            }
        }
        let plain = try plain(task, subset, limit: limit)
        let images = zip(chosen, zip(plain, variants)).map { sample, pictures -> JSONValue in
            .object(
                sample.annotation + [
                    .init("name", .string(train.name(sample.index))),
                    .init("original", pictures.0), .init("variants", .array(pictures.1)),
                ])
        }
        var samples: JSONValue = [
            "width": .integer(width), "height": .integer(height),
            "channels": .integer(task.paintsTargets ? 3 : data.plan.channels), "images": .array(images),
        ]
        if task.vocabulary.task != TaskRegistry.builtIn[0].name { samples["task"] = .string(task.vocabulary.task) }
        return samples
    }

    /// All images of a small set as the evaluation sees them, with what is said of them.
    private func plain<Task: LearningTask>(
        _ task: Task, _ dataset: any AnnotatedDataset<Annotation>, limit: Int
    ) throws -> [JSONValue] where Task.Annotation == Annotation {
        let loader = BatchLoader(
            dataset, transform: try Transform(data.plan, mode: .evaluation), collator: task.collator(training: false),
            options: LoaderOptions(batchSize: dataset.count, threads: 0, cacheBudget: 0))
        loader.start(epoch: 0)
        guard let batch = try loader.next() else { return [] }
        return (0..<batch.count).map {
            .string(Data(small(task, batch, $0, limit: limit).pixels).base64EncodedString())
        }
    }
}
