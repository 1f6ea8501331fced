import Datasets
import JSON
import Reporting

// What a classifier's evaluation looks like: in the report, in the terminal, in JSON.
extension ClassificationTask {
    /// How many classes there are, the confusion matrix as [true, predicted, count] where it is not 0, and the
    /// mistakes with their pictures.
    public func record(
        _ findings: ClassificationFindings, of dataset: any LabeledDataset,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member] {
        let wrong = findings.mistakes
        let mistakes = zip(wrong, try pictures(wrong.map(\.index))).map { mistake, picture -> JSONValue in
            var json = picture
            json["name"] = .string(dataset.name(mistake.index))
            json["actual"] = .integer(mistake.actual)
            json["predicted"] = .integer(mistake.predicted)
            json["confidence"] = .measured(mistake.confidence)
            json["actualProbability"] = .measured(mistake.actualProbability)
            return json
        }
        let shown = Self.examples(findings)
        let examples = zip(shown, try pictures(shown.map(\.index))).map { example, picture -> JSONValue in
            var json = picture
            json["name"] = .string(dataset.name(example.index))
            json["actual"] = .integer(example.actual)
            json["predicted"] = .integer(example.predicted)
            json["confidence"] = .measured(example.confidence)
            return json
        }
        var cells: [JSONValue] = []
        for (actual, row) in findings.confusion.enumerated() {
            for (predicted, count) in row.enumerated() where count > 0 {
                cells.append(.array([.integer(actual), .integer(predicted), .integer(count)]))
            }
        }
        return [
            .init("classes", .integer(classes)), .init("confusion", .array(cells)),
            .init(
                "calibration",
                .array(
                    findings.calibration.bins.map {
                        .array([.integer($0.count), .integer($0.right), .measured($0.confidence)])
                    })),
            .init("mistakes", .array(mistakes)), .init("examples", .array(examples)),
        ] + (findings.thresholds.map { [.init("thresholds", $0.json)] } ?? [])
    }

    /// More pictures than these would make the page heavy.
    private static let mostExamples = 100

    /// Images of the pairs of classes that are taken for each other most often, pair by pair.
    private static func examples(_ findings: ClassificationFindings) -> [ClassificationFindings.Mistake] {
        func count(_ pair: [ClassificationFindings.Mistake]) -> Int {
            findings.confusion[pair[0].actual][pair[0].predicted]
        }
        let pairs = findings.confused.enumerated().sorted {
            (count($1.element), $0.offset) < (count($0.element), $1.offset)
        }
        return Array(pairs.flatMap(\.element).prefix(mostExamples))
    }

    private func share(_ value: Double?) -> String { value.map { NumberText.percentage($0) } ?? "-" }
    private func share(_ value: Double?, _ interval: Resampling.Interval?) -> String {
        guard let interval else { return share(value) }
        return share(value) + "  (95 %: " + share(interval.low) + " to " + share(interval.high) + ")"
    }
    private func figure(_ value: Double?) -> String { value.map { NumberText.fixed($0, decimals: 4) } ?? "-" }

    /// Accuracy, means over the classes, and a table of the classes.
    public func text(_ findings: ClassificationFindings) -> String {
        let names = vocabulary.classNames
        let report =
            findings.report ?? ClassificationReport(confusion: findings.confusion, calibration: findings.calibration)
        let rows = report.classes.enumerated().map { index, entry in
            [
                names[index], NumberText.grouped(entry.images), share(entry.precision), share(entry.recall),
                share(entry.f1), figure(entry.auc),
            ]
        }
        let present = report.classes.count - report.absent.count
        let mean = [
            "mean over \(present == 1 ? "one class" : "\(present) classes")",
            NumberText.grouped(findings.scores.count), share(report.macroPrecision), share(report.macroRecall),
            share(report.macroF1), figure(report.macroAUC),
        ]
        var lines = [
            "images  \(findings.scores.count)",
            "top-1   \(share(findings.scores[.accuracy], report.resampling?.accuracy))",
            "top-\(min(5, names.count))   \(share(findings.scores[.topFiveAccuracy]))",
            "loss    \(NumberText.fixed(findings.scores.loss, decimals: 4))",
            "",
            "balanced accuracy        \(share(report.macroRecall, report.resampling?.balancedAccuracy))",
            "macro precision          \(share(report.macroPrecision))",
            "macro recall             \(share(report.macroRecall))",
            "macro F1                 \(share(report.macroF1, report.resampling?.macroF1))",
            "macro AUC, one vs. rest  \(figure(report.macroAUC))",
            "calibration error        \(figure(report.calibrationError))  (expected, \(Calibration.binCount) bins)",
            "",
            Table(
                columns: [Table.Column("class", .left)]
                    + ["images", "precision", "recall", "F1", "AUC"].map { Table.Column($0, .right) },
                rows: rows + [mean]
            ).render(),
        ]
        if let line = Vocabulary.absent(report.absent.map { names[$0] }, "no images") { lines.append(line) }
        return lines.joined(separator: "\n")
    }

    /// The same figures as `text`, and the whole confusion matrix.
    public func members(_ findings: ClassificationFindings) -> [JSONValue.Member] {
        let names = vocabulary.classNames
        let report =
            findings.report ?? ClassificationReport(confusion: findings.confusion, calibration: findings.calibration)
        return [
            .init("accuracy", .optional(findings.scores[.accuracy])),
            .init("topFiveAccuracy", .optional(findings.scores[.topFiveAccuracy])),
            .init("loss", .number(findings.scores.loss)), .init("images", .integer(findings.scores.count)),
            .init("balancedAccuracy", .optional(report.macroRecall)),
            .init("macroPrecision", .optional(report.macroPrecision)),
            .init("macroRecall", .optional(report.macroRecall)), .init("macroF1", .optional(report.macroF1)),
            .init("macroAUC", .optional(report.macroAUC)),
            .init("expectedCalibrationError", .optional(report.calibrationError)),
            .init("temperature", .number(temperature)),
            .init("intervals", report.resampling.map(Self.json) ?? .null),
            .init("classesWithoutImages", .array(report.absent.map { .string(names[$0]) })),
            .init("perClass", .array(report.classes.enumerated().map { Self.json($1, name: names[$0]) })),
            .init("confusion", .array(findings.confusion.map { .array($0.map { .integer($0) }) })),
        ]
    }

    private static func json(_ resampling: Resampling) -> JSONValue {
        func pair(_ interval: Resampling.Interval) -> JSONValue {
            .array([.number(interval.low), .number(interval.high)])
        }
        return [
            "accuracy": pair(resampling.accuracy), "balancedAccuracy": pair(resampling.balancedAccuracy),
            "macroF1": pair(resampling.macroF1),
        ]
    }

    private static func json(_ entry: ClassificationReport.Class, name: String) -> JSONValue {
        [
            "class": .string(name), "images": .integer(entry.images), "predicted": .integer(entry.predicted),
            "accuracy": .optional(entry.recall), "precision": .optional(entry.precision),
            "recall": .optional(entry.recall), "f1": .optional(entry.f1), "auc": .optional(entry.auc),
        ]
    }
}
