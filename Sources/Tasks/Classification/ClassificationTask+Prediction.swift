import Autograd
import JSON
import Layers
import Reporting
import Tensors

extension ClassificationTask {
    /// Class and probability for the table; the probability of each class as well in comma-separated values.
    public var predictionColumns: PredictionColumns {
        let names = vocabulary.classNames
        let widest = names.reduce(0) { max($0, TextWidth.columns($1)) }
        return PredictionColumns(
            table: [.init("class", widest: min(60, widest)), .init("probability", isRight: true, widest: 7)],
            fields: ["predicted", "probability"] + names.map { "p(\($0))" })
    }

    /// The most probable classes of each image.
    public func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>] {
        let scaled = temperature == 1 ? output.logits : output.logits.scaled(by: 1 / Float(temperature))
        let probabilities = scaled.softmax().value.array
        let logits = output.logits.value.array
        return images.enumerated().map { row, image in
            let range = row * classes..<(row + 1) * classes
            guard logits[range].allSatisfy(\.isFinite) else { return .failure(.notFinite(image)) }
            let order = range.sorted { probabilities[$0] > probabilities[$1] }
            let best = order.prefix(max(1, options.top)).map {
                (name: vocabulary.classNames[$0 - range.lowerBound], probability: Double(probabilities[$0]))
            }
            return .success(
                prediction(
                    image, best, Array(probabilities[range]), options.showsOutputs ? Array(logits[range]) : nil))
        }
    }

    private func prediction(
        _ image: String, _ best: [(name: String, probability: Double)], _ probabilities: [Float], _ logits: [Float]?
    ) -> Prediction {
        var members: [JSONValue.Member] = [
            .init(
                "classes", .array(best.map { ["name": .string($0.name), "probability": .number($0.probability)] }))
        ]
        if let logits { members.append(.init("logits", .array(logits.map { .number(Double($0)) }))) }
        return Prediction(
            image: image, rows: best.map { [$0.name, NumberText.percentage($0.probability)] },
            fields: [best[0].name, CSV.number(Float(best[0].probability))] + probabilities.map(CSV.number),
            members: members)
    }
}
