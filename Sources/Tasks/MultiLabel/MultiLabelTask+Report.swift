import Datasets
import JSON
import Reporting

// What an evaluation looks like: in the report, in the terminal, in JSON.
extension MultiLabelTask {
    /// The figures of each class, and the images that are farthest off with their pictures.
    public func record(
        _ findings: MultiLabelFindings, of dataset: any AnnotatedDataset<ClassSet>,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member] {
        let names = vocabulary.classNames
        let wrong = findings.mistakes
        let mistakes = zip(wrong, try pictures(wrong.map(\.index))).map { mistake, picture -> JSONValue in
            var json = picture
            json["name"] = .string(dataset.name(mistake.index))
            json["actual"] = .array(mistake.actual.map { .string(names[$0]) })
            json["predicted"] = .array(mistake.predicted.map { .string(names[$0]) })
            json["loss"] = .measured(mistake.loss)
            return json
        }
        return [
            .init("task", .string(vocabulary.task)), .init("perClass", perClass(findings)),
            .init("exactShare", .number(findings.exactShare)), .init("mistakes", .array(mistakes)),
        ]
    }

    /// Some images spread over the data.
    public func showcase(
        _ dataset: any AnnotatedDataset<ClassSet>
    ) throws -> [(index: Int, annotation: [JSONValue.Member])] {
        let count = min(8, dataset.count)
        return try (0..<count).map { number in
            let index = (2 * number + 1) * dataset.count / (2 * count)
            return (index, members(of: try dataset.annotation(index)))
        }
    }

    private func perClass(_ findings: MultiLabelFindings) -> JSONValue {
        .array(
            zip(vocabulary.classNames, findings.classes).map { name, entry in
                [
                    "class": .string(name), "images": .integer(entry.images), "predicted": .integer(entry.predicted),
                    "averagePrecision": .optional(entry.averagePrecision), "auc": .optional(entry.auc),
                    "threshold": .number(entry.threshold), "bestThreshold": .optional(entry.bestThreshold),
                    "precision": .optional(entry.precision), "recall": .optional(entry.recall),
                    "f1": .optional(entry.f1),
                ]
            })
    }

    private func share(_ value: Double?) -> String { value.map { NumberText.percentage($0) } ?? "-" }
    private func figure(_ value: Double?) -> String { value.map { NumberText.fixed($0, decimals: 4) } ?? "-" }

    /// Means over the classes, and a table of the classes.
    public func text(_ findings: MultiLabelFindings) -> String {
        let names = vocabulary.classNames
        let rows = zip(names, findings.classes).map { name, entry in
            [
                name, NumberText.grouped(entry.images), share(entry.averagePrecision), figure(entry.auc),
                share(entry.threshold), share(entry.precision), share(entry.recall), share(entry.f1),
            ]
        }
        let present = names.count - findings.absent.count
        let mean = [
            "mean over \(present == 1 ? "one class" : "\(present) classes")", NumberText.grouped(findings.scores.count),
            share(findings.mean(\.averagePrecision)), figure(findings.mean(\.auc)), "",
            share(findings.mean(\.precision)), share(findings.mean(\.recall)), share(findings.mean(\.f1)),
        ]
        let interval = findings.interval.map { "  (95 %: \(share($0.low)) to \(share($0.high)))" } ?? ""
        var lines = [
            "images             \(findings.scores.count)",
            "mAP                \(share(findings.mean(\.averagePrecision)))\(interval)",
            "mean AUC           \(figure(findings.mean(\.auc)))",
            "macro F1           \(share(findings.mean(\.f1)))",
            "micro F1           \(share(findings.microF1))",
            "all classes right  \(share(findings.exactShare))",
            "loss               \(NumberText.fixed(findings.scores.loss, decimals: 4))",
            "",
            Table(
                columns: [Table.Column("class", .left)]
                    + ["images", "AP", "AUC", "threshold", "precision", "recall", "F1"].map {
                        Table.Column($0, .right)
                    }, rows: rows + [mean]
            ).render(),
        ]
        if let line = Vocabulary.absent(findings.absent.map { names[$0] }, "no image has") { lines.append(line) }
        return lines.joined(separator: "\n")
    }

    /// The same figures as `text`.
    public func members(_ findings: MultiLabelFindings) -> [JSONValue.Member] {
        [
            .init("meanAveragePrecision", .optional(findings.mean(\.averagePrecision))),
            .init("meanAUC", .optional(findings.mean(\.auc))), .init("macroF1", .optional(findings.mean(\.f1))),
            .init("microF1", .optional(findings.microF1)), .init("exactShare", .number(findings.exactShare)),
            .init("loss", .number(findings.scores.loss)), .init("images", .integer(findings.scores.count)),
            .init(
                "intervals",
                findings.interval.map { ["meanAveragePrecision": .array([.number($0.low), .number($0.high)])] } ?? .null
            ),
            .init("perClass", perClass(findings)),
        ]
    }
}
