import Autograd
import JSON
import Layers
import Reporting
import Tensors

// What `predict` says: the classes that reach their thresholds.
extension MultiLabelTask {
    /// Class, probability and threshold for the table; the probability of each class as well in comma-separated values.
    public var predictionColumns: PredictionColumns {
        let names = vocabulary.classNames
        let widest = names.reduce(4) { max($0, TextWidth.columns($1)) }
        return PredictionColumns(
            table: [
                .init("class", widest: min(60, widest)), .init("probability", isRight: true, widest: 7),
                .init("threshold", isRight: true, widest: 7),
            ], fields: ["predicted"] + names.map { "p(\($0))" })
    }

    /// The classes of each image, the most probable one first.
    public func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>] {
        let values = output.logits.value.array
        return images.enumerated().map { row, image in
            let logits = Array(values[row * classes..<(row + 1) * classes])
            guard logits.allSatisfy(\.isFinite) else { return .failure(.notFinite(image)) }
            return .success(prediction(image, logits, options))
        }
    }

    private func prediction(_ image: String, _ logits: [Float], _ options: PredictionOptions) -> Prediction {
        let names = vocabulary.classNames
        let limits = options.threshold.map { Array(repeating: $0, count: classes) } ?? thresholds
        let probabilities = logits.map { MultiLabelEvaluator.probability(Double($0)) }
        let said = probabilities.indices.filter { probabilities[$0] >= limits[$0] }
            .sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }
        var members: [JSONValue.Member] = [
            .init(
                "classes",
                .array(
                    said.map {
                        [
                            "name": .string(names[$0]), "probability": .number(probabilities[$0]),
                            "threshold": .number(limits[$0]),
                        ]
                    }))
        ]
        if options.showsOutputs { members.append(.init("logits", .array(logits.map { .number(Double($0)) }))) }
        let rows = said.map {
            [names[$0], NumberText.percentage(probabilities[$0]), NumberText.percentage(limits[$0])]
        }
        return Prediction(
            image: image, rows: rows.isEmpty ? [["none", "-", "-"]] : rows,
            fields: [said.sorted().map { names[$0] }.joined(separator: "|")]
                + probabilities.map { CSV.number(Float($0)) }, members: members)
    }
}
