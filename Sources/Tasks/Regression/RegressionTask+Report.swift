import Datasets
import JSON
import Reporting

// What an evaluation looks like: in the report, in the terminal, in JSON.
extension RegressionTask {
    /// Figures, and truth and answer, of each target, and the images that are farthest off with their pictures.
    public func record(
        _ findings: RegressionFindings, of dataset: any AnnotatedDataset<Quantities>,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member] {
        let wrong = findings.mistakes
        let mistakes = zip(wrong, try pictures(wrong.map(\.index))).map { mistake, picture -> JSONValue in
            var json = picture
            json["name"] = .string(dataset.name(mistake.index))
            json["actual"] = .array(texts(mistake.points.map(\.actual)))
            json["predicted"] = .array(texts(mistake.points.map(\.predicted)))
            return json
        }
        let targets = zip(perTarget(findings), findings.targets).map { json, target -> JSONValue in
            var json = json
            json["points"] = .array(
                target.points.map { .array([.measured($0.actual), .measured($0.predicted)]) })
            return json
        }
        return [
            .init("task", .string(vocabulary.task)), .init("targets", .array(targets)),
            .init("mistakes", .array(mistakes)),
        ]
    }

    /// Some images spread over the data.
    public func showcase(
        _ dataset: any AnnotatedDataset<Quantities>
    ) throws -> [(index: Int, annotation: [JSONValue.Member])] {
        let count = min(8, dataset.count)
        return try (0..<count).map { number in
            let index = (2 * number + 1) * dataset.count / (2 * count)
            return (index, members(of: try dataset.annotation(index)))
        }
    }

    private func texts(_ values: [Double]) -> [JSONValue] {
        values.enumerated().map { target, value in
            .string(vocabulary.classNames[target] + " " + unit(target).text(value))
        }
    }

    private func unit(_ target: Int) -> UnitText { UnitText(deviation: units.deviation[target]) }

    private func perTarget(_ findings: RegressionFindings) -> [JSONValue] {
        findings.targets.enumerated().map { index, target in
            [
                "target": .string(vocabulary.classNames[index]), "rSquared": .measured(target.rSquared),
                "meanAbsoluteError": .measured(target.meanAbsoluteError),
                "rootMeanSquaredError": .measured(target.rootMeanSquaredError), "bias": .measured(target.bias),
            ]
        }
    }

    /// A table of the targets.
    public func text(_ findings: RegressionFindings) -> String {
        func spread(_ interval: Resampling.Interval?, _ text: (Double) -> String) -> String {
            interval.map { "\(text($0.low)) to \(text($0.high))" } ?? "-"
        }
        func plain(_ value: Double) -> String { NumberText.fixed(value, decimals: 4) }
        let rows = findings.targets.enumerated().map { index, target in
            let unit = unit(index)
            return [
                vocabulary.classNames[index], plain(target.rSquared), spread(target.intervals?.rSquared, plain),
                unit.text(target.meanAbsoluteError), spread(target.intervals?.meanAbsoluteError, unit.text),
                unit.text(target.rootMeanSquaredError), spread(target.intervals?.rootMeanSquaredError, unit.text),
                unit.text(target.bias),
            ]
        }
        let table = Table(
            columns: [Table.Column("target", .left)]
                + ["R²", "95 %", "MAE", "95 %", "RMSE", "95 %", "bias"].map { Table.Column($0, .right) }, rows: rows)
        return """
            images  \(findings.scores.count)
            loss    \(plain(findings.scores.loss))  (in deviations of the training images)

            \(table.render())
            """
    }

    /// The same figures as `text`.
    public func members(_ findings: RegressionFindings) -> [JSONValue.Member] {
        let targets = zip(perTarget(findings), findings.targets).map { json, target -> JSONValue in
            func pair(_ interval: Resampling.Interval?) -> JSONValue {
                interval.map { .array([.number($0.low), .number($0.high)]) } ?? .null
            }
            var json = json
            json["intervals"] = [
                "rSquared": pair(target.intervals?.rSquared),
                "meanAbsoluteError": pair(target.intervals?.meanAbsoluteError),
                "rootMeanSquaredError": pair(target.intervals?.rootMeanSquaredError),
            ]
            return json
        }
        return findings.scores.values.map { .init($0.metric.name, .number($0.value)) } + [
            .init("loss", .number(findings.scores.loss)), .init("images", .integer(findings.scores.count)),
            .init("perTarget", .array(targets)),
        ]
    }
}
