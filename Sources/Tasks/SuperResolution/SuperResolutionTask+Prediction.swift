import Datasets
import JSON
import Layers
import Reporting
import Tensors

// What `predict` says: the enlarged image.
extension SuperResolutionTask {
    /// Always: images are enlarged as they are.
    public var predictsWholeImages: Bool { true }

    /// The size of the large image.
    public var predictionColumns: PredictionColumns {
        PredictionColumns(table: [.init("enlarged to", isRight: true, widest: 16)], fields: ["width", "height"])
    }

    /// Enlarges an image of any size, tile by tile where it is large.
    /// - Throws: `ModelError` where the model cannot take the image's size.
    public func prediction(
        _ image: Image, name: String, _ model: any FeatureModel, _ store: ParameterStore<Float>,
        _ plan: TransformPlan, _ options: PredictionOptions
    ) throws -> Result<Prediction, PredictionFailure>? {
        let pixels = image.width * image.height * scale * scale
        guard pixels <= Image.maximumPixels else {
            return .failure(
                PredictionFailure(
                    reason:
                        "\(name): the image of \(image.size) pixels would become one of \(pixels) pixels, expected "
                        + "\(Image.maximumPixels) at most"))
        }
        let enlarger = Enlarger(model, store, plan.normalization, scale: scale)
        let answers = try enlarger.answers([image], distance: distance)
        return answers.first.map { $0.loss.isFinite ? prediction(name, $0.image) : .failure(.notFinite(name)) }
    }

    private func prediction(_ name: String, _ image: Image) -> Result<Prediction, PredictionFailure> {
        do {
            return .success(
                Prediction(
                    image: name, rows: [["\(image.width)x\(image.height)"]],
                    fields: ["\(image.width)", "\(image.height)"],
                    members: [
                        .init("width", .integer(image.width)), .init("height", .integer(image.height)),
                        .init("scale", .integer(scale)),
                    ], files: [.init(ending: ".png", bytes: try image.encodedAsPNG())]))
        } catch { return .failure(PredictionFailure(reason: "\(name): \(error)")) }
    }

    /// Answers to images at the model's own input size.
    public func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>] {
        let answer = output.answer[0].value
        let (size, values) = (Pair(answer.shape[1], answer.shape[2]), answer.array)
        let count = 3 * size.height * size.width
        return images.enumerated().map { row, name in
            let own = values[row * count..<(row + 1) * count]
            guard own.allSatisfy(\.isFinite) else { return .failure(.notFinite(name)) }
            return prediction(name, Image(colors: own, size))
        }
    }
}

extension Image {
    /// An image of colors from 0 to 1 [height, width, 3]; what lies beyond is cut off.
    init(colors: some Collection<Float>, _ size: Pair) {
        self.init(
            width: size.width, height: size.height, channels: 3,
            pixels: colors.map(Self.byte))
    }

    /// The byte of a color from 0 to 1; 0 for what is no number.
    static func byte(_ color: Float) -> UInt8 {
        color.isFinite ? UInt8(min(max((color * 255).rounded(), 0), 255)) : 0
    }
}
