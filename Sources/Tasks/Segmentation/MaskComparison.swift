import Datasets
import Foundation
import JSON
import Reporting
import Tensors

/// Measures a folder of answers against a folder of labels, both index PNGs of the same names: no model is needed.
package struct MaskComparison: Sendable {
    /// Pixels by label and answer.
    package private(set) var counts: PixelCounts
    /// How many images were compared.
    package private(set) var images = 0
    private var imageDice = 0.0
    private let background: Int?

    /// - Parameters:
    ///   - predictions: the folder of answers, classes below `classes`.
    ///   - labels: the folder of labels; each has an answer of the same name.
    ///   - ignored: values of labels that count for nothing.
    ///   - background: left out of the mean Dice; nil for none.
    ///   - each: called after each image.
    /// - Throws: `DatasetError` for a missing file, one that is no index PNG, sizes that differ, or an unknown value.
    package init(
        predictions: String, labels: String, classes: Int, ignored: Set<Int>, background: Int? = nil,
        each: () throws -> Void = {}
    ) throws {
        counts = PixelCounts(classes: classes)
        self.background = background
        let (answers, truth) = (try Self.files(predictions), try Self.files(labels))
        for name in truth.keys.sorted() {
            guard let label = truth[name], let answer = answers[name] else {
                let missing = truth.keys.count { answers[$0] == nil }
                throw DatasetError(
                    predictions,
                    "there is no \(name).png, the answer to \(truth[name] ?? name)"
                        + (missing > 1 ? ", and \(missing - 1) others are missing, too" : ""))
            }
            try add(answer, label, ignored)
            try each()
        }
    }

    /// The PNG files of a folder by their names without the ending.
    private static func files(_ folder: String) throws -> [String: String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw DatasetError(folder, "the folder cannot be read, expected one of index PNGs")
        }
        let masks = names.filter { $0.lowercased().hasSuffix(".png") && !$0.hasPrefix(".") }
        guard !masks.isEmpty else { throw DatasetError(folder, "there are no PNG files, expected index PNGs") }
        return Dictionary(masks.map { (String($0.dropLast(4)), folder + "/" + $0) }) { first, _ in first }
    }

    private mutating func add(_ answer: String, _ label: String, _ ignored: Set<Int>) throws {
        let (said, truth) = (
            try LabelImage(contentsOf: answer, inColor: false), try LabelImage(contentsOf: label, inColor: false)
        )
        guard said.size == truth.size else {
            throw DatasetError(
                answer, "the answer has \(said.size) pixels, but \(label) has \(truth.size), expected the same size")
        }
        let classes = counts.classes
        var (answers, labels) = ([UInt8](), [UInt8]())
        answers.reserveCapacity(truth.values.count)
        labels.reserveCapacity(truth.values.count)
        func unknown(_ path: String, _ value: UInt32, _ values: [UInt32], _ known: String) -> DatasetError {
            let pixels = values.count { $0 == value }
            return DatasetError(
                path, "the value \(value) (\(pixels) pixels) is no class, expected 0 to \(classes - 1)\(known)")
        }
        for (value, mark) in zip(said.values, truth.values) {
            if ignored.contains(Int(mark)) { continue }
            guard mark < classes else {
                let known =
                    ignored.isEmpty ? "" : " or \(ignored.sorted().map(String.init).joined(separator: ", ")) (--ignore)"
                throw unknown(label, mark, truth.values, known)
            }
            guard value < classes else { throw unknown(answer, value, said.values, "") }
            answers.append(UInt8(truncatingIfNeeded: value))
            labels.append(UInt8(truncatingIfNeeded: mark))
        }
        // Ignored pixels are left out already, so that no label stands for them.
        var own = PixelCounts(classes: classes)
        own.add(answers: answers, labels: labels, ignored: 255)
        counts += own
        images += 1
        imageDice += own.imageDice(background: background)
    }

    /// The measures as JSON.
    package var json: JSONValue {
        [
            "images": .integer(images), "pixels": .integer(counts.total), "meanIoU": .optional(counts.meanIoU),
            "pixelAccuracy": .optional(counts.pixelAccuracy),
            "meanDice": .optional(counts.meanDice(background: background)),
            "imageDice": .number(imageDice / Double(max(1, images))),
            "meanClassAccuracy": .optional(counts.meanClassAccuracy),
            "undefinedClasses": .array(counts.undefined.map { .integer($0) }),
            "perClass": .array(
                (0..<counts.classes).map { index in
                    [
                        "class": .integer(index), "pixels": .integer(counts.labeled(index)),
                        "predicted": .integer(counts.predicted(index)),
                        "iou": .optional(counts.intersectionOverUnion(index)), "dice": .optional(counts.dice(index)),
                        "accuracy": .optional(counts.accuracy(index)), "precision": .optional(counts.precision(index)),
                    ]
                }),
        ]
    }

    /// The measures as a table.
    package var text: String {
        func share(_ value: Double?) -> String { value.map { NumberText.percentage($0, decimals: 2) } ?? "-" }
        var lines = [
            "images                 \(images)", "mIoU                   \(share(counts.meanIoU))",
            "pixel accuracy         \(share(counts.pixelAccuracy))",
            "mean Dice (pooled)     \(share(counts.meanDice(background: background)))",
            "mean Dice (per image)  \(share(imageDice / Double(max(1, images))))",
            "mean class accuracy    \(share(counts.meanClassAccuracy))", "",
            Table(
                columns: ["class", "pixels", "IoU", "Dice", "accuracy", "precision"].map { Table.Column($0, .right) },
                rows: (0..<counts.classes).map { index in
                    [
                        "\(index)", NumberText.grouped(counts.labeled(index)),
                        share(counts.intersectionOverUnion(index)), share(counts.dice(index)),
                        share(counts.accuracy(index)), share(counts.precision(index)),
                    ]
                }
            ).render(),
        ]
        let undefined = counts.undefined
        if !undefined.isEmpty {
            lines.append(
                "in neither labels nor answers, so in no mean: "
                    + undefined.prefix(20).map(String.init).joined(separator: ", ") + "\n")
        }
        return lines.joined(separator: "\n")
    }
}
