import Autograd
import JSON
import Layers
import Reporting
import Tensors

// What `predict` says: the numbers, in the user's units.
extension RegressionTask {
    /// A column for each number, in the table for the first eight.
    public var predictionColumns: PredictionColumns {
        PredictionColumns(
            table: vocabulary.classNames.prefix(8).map { name in
                .init(name, isRight: true, widest: max(12, min(40, TextWidth.columns(name))))
            }, fields: vocabulary.classNames)
    }

    /// The numbers of each image.
    public func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>] {
        let answers = output.logits.value.array
        return images.enumerated().map { row, image in
            let own = answers[row * outputs..<(row + 1) * outputs]
            guard own.allSatisfy(\.isFinite) else { return .failure(.notFinite(image)) }
            let values = own.enumerated().map { units.restored($1, $0) }
            let texts = values.enumerated().map { UnitText(deviation: units.deviation[$0]).text($1) }
            var members = zip(vocabulary.classNames, values).map { JSONValue.Member($0, .number($1)) }
            members = [.init("values", .object(members))]
            if options.showsOutputs { members.append(.init("logits", .array(own.map { .number(Double($0)) }))) }
            return .success(
                Prediction(
                    image: image, rows: [Array(texts.prefix(8))], fields: values.map { "\(Float($0))" },
                    members: members))
        }
    }
}
