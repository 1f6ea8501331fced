import Datasets
import Foundation
import JSON
import Reporting
import Tensors

// What a segmenter's evaluation looks like: in the report, in the terminal, in JSON.
extension SegmentationTask {
    /// Pixels by label and answer, each class's measures, and the best and worst images with their answers.
    public func record(
        _ findings: SegmentationFindings, of dataset: any AnnotatedDataset<Mask>,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member] {
        [
            .init("task", .string(vocabulary.task)), .init("classes", .integer(classes)),
            .init("background", settings.background.map { .integer($0) } ?? .null),
            .init("confusion", .array(cells(findings.counts))), .init("perClass", perClass(findings.counts)),
            .init("worst", .array(try findings.worst.map { try picture($0, of: dataset, limit: 220) })),
            .init("best", .array(try findings.best.map { try picture($0, of: dataset, limit: 220) })),
        ]
    }

    /// [label, answer, pixels] where there are any.
    private func cells(_ counts: PixelCounts) -> [JSONValue] {
        counts.confusion.enumerated().filter { $1 > 0 }.map { index, count in
            .array([.integer(index / classes), .integer(index % classes), .integer(count)])
        }
    }

    /// The answers to the fixed images.
    public func snapshot(
        _ findings: SegmentationFindings, of dataset: any AnnotatedDataset<Mask>
    ) throws -> [JSONValue] {
        try findings.fixed.map { try picture($0, of: dataset, limit: 160) }
    }

    /// Image, truth, answer and errors beside each other, small.
    private func picture(
        _ answer: SegmentationFindings.Answer, of dataset: any AnnotatedDataset<Mask>, limit: Int
    ) throws -> JSONValue {
        let image = try dataset.image(answer.index).converted(channels: 3)
        let mask = try dataset.annotation(answer.index)
        let scale = min(1, Double(limit) / Double(max(image.width, image.height)))
        let size = Pair(
            max(1, Int(Double(image.height) * scale)), max(1, Int(Double(image.width) * scale)))
        let small = image.resized(to: size).pixels
        let motion = Motion.resize(mask.size, to: size)
        let truth = mask.moved(by: motion).labels
        let said = Mask(size: answer.size, labels: answer.classes, ignored: mask.ignored).moved(by: motion).labels
        let palette = ClassPalette(settings, classes: classes)
        func text(_ pixels: [UInt8]) -> JSONValue { .string(Data(pixels).base64EncodedString()) }
        return [
            "name": .string(dataset.name(answer.index)), "index": .integer(answer.index),
            "meanIoU": answer.meanIoU.map { .number($0) } ?? .null, "width": .integer(size.width),
            "height": .integer(size.height), "channels": .integer(3), "pixels": text(small),
            "truth": text(palette.overlay(small, truth)), "answer": text(palette.overlay(small, said)),
            "errors": text(palette.errors(small, said, truth, ignored: mask.ignored)),
        ]
    }

    private func perClass(_ counts: PixelCounts) -> JSONValue {
        let palette = ClassPalette(settings, classes: classes)
        return .array(
            vocabulary.classNames.enumerated().map { index, name in
                [
                    "class": .string(name), "pixels": .integer(counts.labeled(index)),
                    "predicted": .integer(counts.predicted(index)),
                    "iou": .optional(counts.intersectionOverUnion(index)),
                    "dice": .optional(counts.dice(index)), "accuracy": .optional(counts.accuracy(index)),
                    "precision": .optional(counts.precision(index)),
                    "color": .array(palette.colors[index].map { .integer(Int($0)) }),
                ]
            })
    }

    /// Means over the classes and a table of the classes.
    public func text(_ findings: SegmentationFindings) -> String {
        let counts = findings.counts
        func share(_ value: Double?) -> String { value.map { NumberText.percentage($0) } ?? "-" }
        let values = findings.scores.values + [.init(metric: .loss, value: findings.scores.loss)]
        let width = (values.map(\.metric.title.count).max() ?? 0) + 2
        var lines = ["images" + String(repeating: " ", count: width - 6) + "\(findings.scores.count)"]
        lines += values.map { value in
            let title = value.metric.title
            return title + String(repeating: " ", count: width - title.count) + value.metric.text(value.value)
        }
        let rows = vocabulary.classNames.enumerated().map { index, name in
            [
                name + (index == settings.background ? " (background)" : ""), NumberText.grouped(counts.labeled(index)),
                share(counts.intersectionOverUnion(index)), share(counts.dice(index)), share(counts.accuracy(index)),
                share(counts.precision(index)),
            ]
        }
        let table = Table(
            columns: [Table.Column("class", .left)]
                + ["pixels", "IoU", "Dice", "accuracy", "precision"].map { Table.Column($0, .right) }, rows: rows)
        return (lines + ["", table.render()]).joined(separator: "\n")
    }

    /// The same as members of a JSON object, and the whole confusion matrix.
    public func members(_ findings: SegmentationFindings) -> [JSONValue.Member] {
        findings.scores.values.map { .init($0.metric.name, .number($0.value)) } + [
            .init("loss", .number(findings.scores.loss)), .init("images", .integer(findings.scores.count)),
            .init("pixels", .integer(findings.counts.total)),
            .init(
                "undefinedClasses",
                .array(findings.counts.undefined.map { .string(vocabulary.classNames[$0]) })),
            .init("perClass", perClass(findings.counts)),
            .init(
                "confusion",
                .array(
                    (0..<classes).map { row in
                        .array(
                            findings.counts.confusion[row * classes..<(row + 1) * classes].map { .integer($0) })
                    })),
        ]
    }

    /// Which classes are there.
    public func members(of annotation: Mask) -> [JSONValue.Member] {
        [
            .init(
                "classes",
                .array(
                    annotation.present.map {
                        Int($0) < classes ? .string(vocabulary.classNames[Int($0)]) : .integer(Int($0))
                    }))
        ]
    }

    /// The mask over the pixels.
    public func painted(
        _ pixels: [UInt8], channels: Int, _ target: Masks, row: Int
    ) -> [UInt8] {
        let colored = channels == 3 ? pixels : pixels.flatMap { [$0, $0, $0] }
        return ClassPalette(settings, classes: classes).overlay(colored, target[row])
    }
    /// Yes.
    public var paintsTargets: Bool { true }
}
