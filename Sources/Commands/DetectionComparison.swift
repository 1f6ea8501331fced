import Detection
import JSON
import Reporting

/// Measures a results file in COCO's format against a file of annotations: no model is needed.
struct DetectionComparison {
    private let truths: CocoTruths
    private let results: CocoResults
    private let kind: CocoEvaluator.Kind
    private let followsReference: Bool
    private let findings: CocoFindings

    /// - Throws: `DatasetError` for files that cannot be read, or that do not belong to each other.
    init(predictions: String, annotations: String, kind: CocoEvaluator.Kind, followsReference: Bool) throws {
        truths = try CocoTruths(contentsOf: annotations, masks: kind == .masks)
        results = try CocoResults(contentsOf: predictions, masks: kind == .masks)
        (self.kind, self.followsReference) = (kind, followsReference)
        findings = try CocoEvaluator(truths, results, kind: kind, followsReference: followsReference).finish()
    }

    /// What a user should know, a sentence each.
    var notices: [String] {
        var notices = truths.notices
        let known = Set(truths.categories.map(\.identifier))
        let unknown = results.categories.subtracting(known).sorted()
        if !unknown.isEmpty {
            notices.append(
                "\(results.path): detections of the categories \(unknown.prefix(8).map(String.init).joined(separator: ", "))"
                    + (unknown.count > 8 ? ", ..." : "")
                    + " are passed over, since \(truths.path) has no such categories.")
        }
        if followsReference, truths.hasZero {
            notices.append("\(truths.path): objects whose id is 0 count as never found, as with pycocotools.")
        }
        if results.count == 0 { notices.append("\(results.path): there are no detections, so nothing was found.") }
        return notices
    }

    /// The measures as JSON; -1 stands for what is not defined.
    var json: JSONValue {
        let counted = findings.classes
        return [
            "predictions": .string(results.path), "annotations": .string(truths.path), "kind": .string(kind.rawValue),
            "images": .integer(truths.images.count), "objects": .integer(counted.reduce(0) { $0 + $1.objects }),
            "detections": .integer(results.count), "stats": .array(findings.stats.map { .number($0) }),
            "precisionByOverlap": .array(findings.precisionByOverlap.map { .number($0) }),
            "bestScore": .optional(findings.outcomes.bestScore),
            "perClass": .array(
                zip(truths.categories, counted).map { category, own in
                    [
                        "category": .integer(Int(category.identifier)), "class": .string(category.name),
                        "objects": .integer(own.objects), "detections": .integer(own.detections),
                        "AP": .number(own.stats[0]), "AP50": .number(own.stats[1]),
                        "stats": .array(own.stats.map { .number($0) }),
                    ]
                }),
        ]
    }

    /// The measures as lines and a table.
    var text: String {
        func number(_ value: Double?) -> String {
            value.map { $0 < 0 ? "-" : NumberText.fixed($0, decimals: 3) } ?? "-"
        }
        let titles = CocoFindings.names
        let lines = findings.stats.enumerated().map { index, value in
            let (isPrecision, overlap, area, most) = Self.lines[index]
            let title = isPrecision ? "Average Precision  (AP)" : "Average Recall     (AR)"
            let none = index == 0 || area == "all" ? "no objects" : "no objects of this size"
            return " \(title) @[ IoU=\(padded(overlap, 9)) | area=\(padded(area, 6, right: true)) | maxDets="
                + "\(padded(most, 3, right: true)) ] = \(number(value))" + (value < 0 ? "  (\(none))" : "")
        }
        let rows = zip(truths.categories, findings.classes).map { category, own in
            [category.name, NumberText.grouped(own.objects), NumberText.grouped(own.detections)]
                + Self.columns.map { number(own.stats[$0]) }
        }
        let table = Table(
            columns: [Table.Column("class", .left)]
                + (["objects", "detections"] + Self.columns.map { titles[$0] }).map { Table.Column($0, .right) },
            rows: rows)
        let best = findings.outcomes.curve().best.map {
            "\nbest F1 \(number($0.f1)) at scores from \(NumberText.fixed($0.score, decimals: 3)) on"
                + " (precision \(number($0.precision)), recall \(number($0.recall)), IoU 0.50)"
        }
        let head =
            "\(NumberText.grouped(truths.images.count)) images, \(NumberText.grouped(results.count)) detections, "
            + (kind == .boxes ? "boxes" : "masks")
        return ([head, ""] + lines + (best.map { [$0] } ?? []) + ["", table.render()]).joined(separator: "\n")
    }

    /// Of the twelve numbers: whether it is a precision, the overlaps, the areas and how many detections count.
    private static let lines = [
        (true, "0.50:0.95", "all", "100"), (true, "0.50", "all", "100"), (true, "0.75", "all", "100"),
        (true, "0.50:0.95", "small", "100"), (true, "0.50:0.95", "medium", "100"), (true, "0.50:0.95", "large", "100"),
        (false, "0.50:0.95", "all", "1"), (false, "0.50:0.95", "all", "10"), (false, "0.50:0.95", "all", "100"),
        (false, "0.50:0.95", "small", "100"), (false, "0.50:0.95", "medium", "100"),
        (false, "0.50:0.95", "large", "100"),
    ]
    /// Which of the twelve the table of classes has.
    private static let columns = [0, 1, 2, 3, 4, 5, 8]

    private func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return right ? space + text : text + space
    }
}
