import Datasets
import JSON
import Reporting
import Tensors
import Training

/// What `evaluate` shows, as text and as JSON.
struct EvaluationText {
    let result: EvaluationResult
    let report: ClassificationReport
    let names: [String]
    let part: PartChoice
    let weights: String
    let data: String
    let predictions: String?

    private func share(_ value: Double?) -> String { value.map { NumberText.percentage($0) } ?? "-" }
    private func figure(_ value: Double?) -> String { value.map { NumberText.fixed($0, decimals: 4) } ?? "-" }

    var text: String {
        let rows = report.classes.enumerated().map { index, entry in
            [
                names[index], NumberText.grouped(entry.images), share(entry.precision), share(entry.recall),
                share(entry.f1), figure(entry.auc),
            ]
        }
        let present = report.classes.count - report.absent.count
        let mean = [
            "mean over \(present == 1 ? "one class" : "\(present) classes")", NumberText.grouped(result.count),
            share(report.macroPrecision), share(report.macroRecall), share(report.macroF1), figure(report.macroAUC),
        ]
        let five = min(5, names.count)
        var lines = [
            TextWidth.singleLine("data    \(data), \(part == .all ? "all images" : part.rawValue + " part")"),
            "images  \(result.count)",
            "top-1   \(NumberText.percentage(result.accuracy))",
            "top-\(five)   \(NumberText.percentage(result.topFiveAccuracy))",
            "loss    \(NumberText.fixed(result.loss, decimals: 4))",
            "",
            "balanced accuracy        \(share(report.macroRecall))",
            "macro precision          \(share(report.macroPrecision))",
            "macro recall             \(share(report.macroRecall))",
            "macro F1                 \(share(report.macroF1))",
            "macro AUC, one vs. rest  \(figure(report.macroAUC))",
            "calibration error        \(figure(report.calibrationError))  (expected, \(PredictionScores.binCount) bins)",
            "",
            Table(
                columns: [Table.Column("class", .left)]
                    + ["images", "precision", "recall", "F1", "AUC"].map { Table.Column($0, .right) },
                rows: rows + [mean]
            ).render(),
        ]
        if !report.absent.isEmpty {
            let absent = report.absent.map { names[$0] }
            let more = absent.count > 20 ? " and \(absent.count - 20) more" : ""
            lines.append(
                TextWidth.singleLine(
                    "no images, so in no mean: \(absent.prefix(20).joined(separator: ", "))\(more)") + "\n")
        }
        if let predictions { lines.append("written to \(TextWidth.singleLine(predictions))\n") }
        return lines.joined(separator: "\n")
    }

    var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        var json: JSONValue = [
            "weights": .string(weights), "data": .string(data), "part": .string(part.rawValue),
            "accuracy": .number(result.accuracy), "topFiveAccuracy": .number(result.topFiveAccuracy),
            "loss": .number(result.loss), "images": .integer(result.count),
            "balancedAccuracy": number(report.macroRecall), "macroPrecision": number(report.macroPrecision),
            "macroRecall": number(report.macroRecall), "macroF1": number(report.macroF1),
            "macroAUC": number(report.macroAUC), "expectedCalibrationError": number(report.calibrationError),
            "classesWithoutImages": .array(report.absent.map { .string(names[$0]) }),
            "perClass": .array(
                report.classes.enumerated().map { index, entry in
                    [
                        "class": .string(names[index]), "images": .integer(entry.images),
                        "predicted": .integer(entry.predicted), "accuracy": number(entry.recall),
                        "precision": number(entry.precision), "recall": number(entry.recall), "f1": number(entry.f1),
                        "auc": number(entry.auc),
                    ]
                }),
            "confusion": .array(result.confusion.map { .array($0.map { .integer($0) }) }),
        ]
        if let predictions { json["predictions"] = .string(predictions) }
        return json
    }
}
