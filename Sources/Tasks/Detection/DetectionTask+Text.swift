import Datasets
import Detection
import JSON
import Reporting
import Tensors

// A detector's evaluation as text and as JSON, and what is said of single images.
extension DetectionTask {
    /// COCO's twelve numbers, and a line for all classes and for each.
    public func text(_ findings: DetectionFindings) -> String {
        func share(_ value: Double?) -> String { value.map { NumberText.percentage($0) } ?? "-" }
        func number(_ value: Double) -> String { value >= 0 ? share(value) : "-  (no such objects)" }
        var lines = ["images              \(findings.scores.count)"]
        let loss = Metric.loss.text(findings.scores.loss)
        lines.append("loss                \(loss)")
        for (title, found) in [("", findings.boxes), ("mask ", findings.masks)] {
            guard let found else { continue }
            for (index, value) in found.stats.enumerated() {
                let name = title + Metric.coco(index).title
                lines.append(name + String(repeating: " ", count: max(1, 20 - name.count)) + number(value))
            }
        }
        let shown = NumberText.fixed(findings.shown, decimals: 3)
        let best = findings.threshold.map { NumberText.fixed($0, decimals: 3) } ?? "none"
        lines.append(
            "\nPrecision, recall and F1 are at an overlap (IoU) of 0.5 and a least score of \(shown), as in `predict`; the best "
                + "F1 over all classes is here at \(best).")
        func row(_ name: String, _ curve: ScoreCurve, _ images: String, _ objects: Int, _ stats: [Double]) -> [String] {
            let point = curve.at(findings.shown)
            return [
                name, images, NumberText.grouped(objects), share(point.precision), share(point.recall),
                share(point.f1),
                share(stats[1] >= 0 ? stats[1] : nil), share(stats[0] >= 0 ? stats[0] : nil),
            ]
        }
        let outcomes = findings.boxes.outcomes
        var rows = [
            row(
                "all", outcomes.curve(), "\(findings.scores.count)", outcomes.objects.reduce(0, +),
                findings.boxes.stats)
        ]
        for (index, name) in vocabulary.classNames.enumerated() where classes > 1 {
            let own = findings.boxes.classes[index]
            rows.append(row(name, outcomes.curve(ofClass: index), "", own.objects, own.stats))
        }
        let table = Table(
            columns: [Table.Column("class", .left)]
                + ["images", "objects", "precision", "recall", "F1", "AP50", "AP"].map { Table.Column($0, .right) },
            rows: rows)
        return (lines + ["", table.render()]).joined(separator: "\n")
    }

    /// The same as members of a JSON object.
    public func members(_ findings: DetectionFindings) -> [JSONValue.Member] {
        var members =
            findings.scores.values.map { JSONValue.Member($0.metric.name, .number($0.value)) } + [
                .init("loss", .number(findings.scores.loss)), .init("images", .integer(findings.scores.count)),
                .init("threshold", .optional(findings.threshold)),
                .init("stats", .array(findings.boxes.stats.map { .number($0) })),
                .init("perClass", perClass(findings.boxes)),
            ]
        if let masks = findings.masks {
            members += [
                .init("maskStats", .array(masks.stats.map { .number($0) })), .init("maskPerClass", perClass(masks)),
            ]
        }
        if let confusion = findings.confusion {
            let side = classes + 1
            members.append(
                .init(
                    "confusion",
                    .array(
                        (0..<side).map { row in
                            .array(confusion.counts[row * side..<(row + 1) * side].map { .integer($0) })
                        })))
        }
        return members
    }

    private func perClass(_ found: CocoFindings) -> JSONValue {
        .array(
            zip(vocabulary.classNames, found.classes).map { name, own in
                [
                    "class": .string(name), "objects": .integer(own.objects), "predictions": .integer(own.detections),
                    "AP": .number(own.stats[0]), "AP50": .number(own.stats[1]), "AP75": .number(own.stats[2]),
                ]
            })
    }

    /// Its objects.
    public func members(of annotation: LocatedInstances) -> [JSONValue.Member] {
        [
            .init(
                "objects",
                .array(
                    annotation.original.items.prefix(50).map { item in
                        [
                            "class": vocabulary.classNames.indices.contains(item.classIndex)
                                ? .string(vocabulary.classNames[item.classIndex]) : .integer(item.classIndex),
                            "box": .array(
                                [item.box.left, item.box.top, item.box.right, item.box.bottom].map {
                                    .rounded($0, decimals: 1)
                                }),
                        ]
                    }))
        ]
    }

    /// The objects over the small picture of the input.
    public func paintedSmall(
        _ pixels: [UInt8], channels: Int, size: Pair, _ target: InstanceTargets, row: Int
    ) -> [UInt8]? {
        guard let picture = ObjectPicture(pixels, width: size.width, height: size.height, channels: channels) else {
            return nil
        }
        return picture.drawing(target.images[row].located.placed.drawn([], on: size), names: false).pixels
    }

    /// Yes.
    public var paintsTargets: Bool { true }

    /// Three times, so that boxes can be told apart.
    public var thumbnailScale: Int { 3 }
}
