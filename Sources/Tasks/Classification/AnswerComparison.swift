import Datasets
import JSON
import Reporting

/// Compares the answers of two classifiers on the same images, as `trainer evaluate --predictions` writes them: no model is
/// needed.
package struct AnswerComparison: Sendable {
    /// One file of answers.
    private struct Answers {
        let path: String
        /// Label and answer of each image by its path.
        var images: [String: (label: String, answer: String)] = [:]
        /// In the order of the file.
        var names: [String] = []

        init(_ path: String) throws {
            self.path = path
            guard let rows = CommaSeparated.rows(try readFile(path, maximum: 1 << 32))?.map(\.cells) else {
                throw DatasetError(path, "a quotation mark is never closed, expected comma-separated values")
            }
            let expected = ["path", "label", "predicted"]
            guard let header = rows.first, header.prefix(3).elementsEqual(expected) else {
                throw DatasetError(
                    path,
                    "its first row is no header of answers, expected path,label,predicted as evaluate --predictions writes it"
                )
            }
            for (index, row) in rows.dropFirst().enumerated() {
                guard row.count >= 3 else {
                    throw DatasetError(
                        path, "row \(index + 2) has \(row.count) of the three cells, expected path,label,predicted")
                }
                guard images.updateValue((row[1], row[2]), forKey: row[0]) == nil else {
                    throw DatasetError(path, "row \(index + 2) is a second one of the image '\(row[0])'")
                }
                names.append(row[0])
            }
            if names.isEmpty { throw DatasetError(path, "there are no answers in it, expected a row for each image") }
        }
    }

    private let first: Answers
    private let second: Answers
    /// Images that both get right, and that both get wrong.
    package private(set) var both = (right: 0, wrong: 0)
    /// Of the images that only one of them gets right.
    package private(set) var test = McNemar(first: 0, second: 0)

    /// - Throws: `DatasetError` for files that are no answers, or that are of other images or labels.
    package init(_ firstPath: String, _ secondPath: String) throws {
        first = try Answers(firstPath)
        second = try Answers(secondPath)
        if let missing = first.names.first(where: { second.images[$0] == nil })
            ?? second.names.first(where: { first.images[$0] == nil })
        {
            let (has, lacks) = second.images[missing] == nil ? (first, second) : (second, first)
            throw DatasetError(
                lacks.path,
                "there is no answer for '\(missing)', which \(has.path) has, expected answers on the same images")
        }
        var (one, other) = (0, 0)
        for name in first.names {
            guard let a = first.images[name], let b = second.images[name] else { continue }
            guard a.label == b.label else {
                throw DatasetError(
                    second.path,
                    "'\(name)' is labelled '\(b.label)', but '\(a.label)' in \(first.path), expected the same labels")
            }
            switch (a.label == a.answer, b.label == b.answer) {
            case (true, true): both.right += 1
            case (true, false): one += 1
            case (false, true): other += 1
            case (false, false): both.wrong += 1
            }
        }
        test = McNemar(first: one, second: other)
    }

    private var count: Int { first.names.count }
    private var accuracies: (Double, Double) {
        (Double(both.right + test.first) / Double(count), Double(both.right + test.second) / Double(count))
    }

    package var json: JSONValue {
        [
            "predictions": .string(first.path), "against": .string(second.path), "images": .integer(count),
            "accuracy": .number(accuracies.0), "otherAccuracy": .number(accuracies.1),
            "bothRight": .integer(both.right), "bothWrong": .integer(both.wrong), "onlyFirst": .integer(test.first),
            "onlySecond": .integer(test.second), "mcNemarProbability": .number(test.probability),
        ]
    }

    package var text: String {
        func share(_ value: Double) -> String { NumberText.percentage(value) }
        let rows = [
            ["both", NumberText.grouped(both.right)], ["the first alone", NumberText.grouped(test.first)],
            ["the second alone", NumberText.grouped(test.second)], ["neither", NumberText.grouped(both.wrong)],
        ]
        let verdict =
            test.probability < 0.05
            ? "the \(test.first > test.second ? "first" : "second") is better: were they equally good, counts as unequal would come about with probability"
            : "no difference is shown: were they equally good, counts as unequal would come about with probability"
        let probability =
            test.probability < 0.001
            ? NumberText.scientific(test.probability) : NumberText.fixed(test.probability, decimals: 3)
        return """
            first    \(TextWidth.singleLine(first.path)), accuracy \(share(accuracies.0))
            second   \(TextWidth.singleLine(second.path)), accuracy \(share(accuracies.1))

            \(Table(columns: [Table.Column("right", .left), Table.Column("images", .right)], rows: rows).render())
            \(verdict) \(probability) (McNemar's test, exact)

            """
    }
}
