import Datasets
import Detection
import JSON
import Reporting

/// A results file measured by COCO's rules against a file of annotations, whoever wrote the two.
package struct ResultsComparison {
    /// What was found; classes are the annotations' categories in the order of their ids.
    package let findings: CocoFindings
    /// What a user should know about the files, one sentence each.
    package let notices: [String]
    private let categories: [CocoTruths.Category]
    private let counts: (images: Int, detections: Int)
    private let kind: CocoEvaluator.Kind

    /// - Parameters:
    ///   - predictions: a list of detections.
    ///   - annotations: COCO instances.
    ///   - masks: whether masks are compared in place of boxes.
    /// - Throws: `DatasetError` that names the file, and what in it is at fault.
    package init(predictions: String, annotations: String, masks: Bool) throws {
        let truths = try CocoTruths(contentsOf: annotations, masks: masks)
        guard !truths.categories.isEmpty else {
            throw DatasetError(annotations, "the file has no categories, expected COCO instances")
        }
        let results = try CocoResults(contentsOf: predictions, masks: masks)
        kind = masks ? .masks : .boxes
        findings = try CocoEvaluator(truths, results, kind: kind).finish()
        (categories, counts) = (truths.categories, (truths.images.count, results.count))
        notices =
            truths.notices + (results.count == 0 ? ["\(predictions) has no detections, so nothing is found."] : [])
    }

    /// The measures as JSON: COCO's twelve in its order, -1 where undefined.
    package var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "images": .integer(counts.images),
            "detections": .integer(counts.detections),
            "names": .array(CocoFindings.names.map { .string($0) }),
            "stats": .array(findings.stats.map { .number($0) }),
            "perClass": .array(
                zip(categories, findings.classes).map { category, own in
                    [
                        "category_id": .integer(Int(category.identifier)), "class": .string(category.name),
                        "objects": .integer(own.objects), "detections": .integer(own.detections),
                        "AP": .number(own.averagePrecision), "AP50": .number(own.averagePrecision50),
                        "AP75": .number(own.stats[2]), "stats": .array(own.stats.map { .number($0) }),
                    ]
                }),
        ]
    }

    /// The measures as tables.
    package var text: String {
        func share(_ value: Double) -> String { value >= 0 ? NumberText.percentage(value, decimals: 2) : "-" }
        let stats = Table(
            columns: [Table.Column(kind.rawValue, .left), Table.Column("", .right)],
            rows: findings.stats.enumerated().map { [Metric.coco($0).title, share($1)] })
        let classes = Table(
            columns: [Table.Column("class", .left)]
                + ["objects", "detections", "AP", "AP50", "AP75"].map { Table.Column($0, .right) },
            rows: zip(categories, findings.classes).map { category, own in
                [
                    category.name, NumberText.grouped(own.objects), NumberText.grouped(own.detections),
                    share(own.stats[0]), share(own.stats[1]), share(own.stats[2]),
                ]
            })
        return "images      \(NumberText.grouped(counts.images))\ndetections  "
            + "\(NumberText.grouped(counts.detections))\n\n" + stats.render() + "\n" + classes.render()
    }
}
