import Datasets
import JSON
import Layers
import Reporting
import Tensors

// What `predict` says: a mask, an overlay, and which share of the image each class takes.
extension SegmentationTask {
    /// Always: answers are about places in the image.
    public var predictsWholeImages: Bool { true }

    /// The largest classes for the table, the share of each class otherwise.
    public var predictionColumns: PredictionColumns {
        PredictionColumns(
            table: [.init("class", widest: 32), .init("pixels", isRight: true, widest: 9)],
            fields: vocabulary.classNames)
    }

    /// Asks about an image in its own size; one that is too large to be looked at as a whole goes window by window.
    /// - Throws: `ModelError` where the model cannot take the image's size.
    public func prediction(
        _ image: Image, name: String, _ model: any FeatureModel, _ store: ParameterStore<Float>,
        _ plan: TransformPlan, _ options: PredictionOptions
    ) throws -> Result<Prediction, PredictionFailure>? {
        var settings = settings
        let isLarge =
            settings.mode == .whole && settings.fit == nil
            && image.width * image.height > SegmentationSettings.largestWhole
        if isLarge { (settings.mode, settings.window, settings.stride) = (.slide, Pair(512), Pair(400)) }
        let inference = SegmentationInference(
            model: model, store: store, normalization: plan.normalization, settings: settings)
        let answer = try inference.answer(image)
        return prediction(name, image: image, answer.classes, settings.mode)
    }

    private func prediction(
        _ name: String, image: Image, _ answers: [UInt8], _ mode: SegmentationSettings.Mode
    ) -> Result<Prediction, PredictionFailure> {
        var pixels = [Int](repeating: 0, count: 256)
        for answer in answers { pixels[Int(answer)] += 1 }
        let shares = (0..<classes).map { Double(pixels[$0]) / Double(answers.count) }
        let order = shares.indices.sorted { (shares[$1], $0) < (shares[$0], $1) }.filter { shares[$0] > 0 }
        let palette = ClassPalette(settings, classes: classes)
        let colored = image.converted(channels: 3)
        var files: [Prediction.File] = []
        do {
            let mask = Image(width: image.width, height: image.height, channels: 1, pixels: answers)
            let overlay = Image(
                width: image.width, height: image.height, channels: 3,
                pixels: palette.overlay(colored.pixels, answers))
            files = [
                .init(folder: "masks", ending: ".png", bytes: try mask.encodedAsPNG()),
                .init(folder: "overlays", ending: ".png", bytes: try overlay.encodedAsPNG()),
            ]
        } catch { return .failure(PredictionFailure(reason: "\(name): \(error)")) }
        let names = vocabulary.classNames
        return .success(
            Prediction(
                image: name, rows: order.prefix(5).map { [names[$0], NumberText.percentage(shares[$0])] },
                fields: shares.map { CSV.number(Float($0)) },
                members: [
                    .init("width", .integer(image.width)), .init("height", .integer(image.height)),
                    .init("mode", .string(mode.rawValue)),
                    .init(
                        "shares", .object(order.map { JSONValue.Member(names[$0], .number(shares[$0])) })),
                ], files: files))
    }

    /// Answers to images at the model's own input size, whose pixels are not known here: shares alone.
    public func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>] {
        let scores = output.answer[0].value
        return images.enumerated().map { row, name in
            let own = scores.sample(row)
            let size = Pair(own.shape[1], own.shape[2])
            let answer = own.pixelAnswers(height: size.height, width: size.width, size: size)
            let blank = [UInt8](repeating: 0, count: 3 * answer.classes.count)
            let image = Image(width: size.width, height: size.height, channels: 3, pixels: blank)
            return prediction(name, image: image, answer.classes, .whole)
        }
    }
}
