import JSON
import ProtobufWriting

/// Precision and recall over thresholds, as TensorBoard's plugin for such curves takes them.
package struct PrecisionRecallExport: Sendable {
    /// For each threshold, rising: how many answers of at least it are right and wrong, and how many below it are.
    package struct Row: Sendable, Equatable {
        var truePositives: Double
        var falsePositives: Double
        var trueNegatives: Double
        var falseNegatives: Double

        var precision: Double {
            let answers = truePositives + falsePositives
            return answers > 0 ? truePositives / answers : 1
        }
        var recall: Double {
            let all = truePositives + falseNegatives
            return all > 0 ? truePositives / all : 0
        }
    }

    let rows: [Row]

    /// - Parameters:
    ///   - positives: answers that are right, in equal parts of scores from 0 to 1.
    ///   - negatives: the same of those that are wrong.
    init?(positives: [Int], negatives: [Int]) {
        guard positives.count == negatives.count, (2...1001).contains(positives.count),
            (positives + negatives).allSatisfy({ (0...1 << 40).contains($0) })
        else { return nil }
        let (all, none) = (positives.reduce(0, +), negatives.reduce(0, +))
        var (right, wrong) = (all, none)
        var rows: [Row] = []
        for (positive, negative) in zip(positives, negatives) {
            rows.append(
                Row(
                    truePositives: Double(right), falsePositives: Double(wrong), trueNegatives: Double(none - wrong),
                    falseNegatives: Double(all - right)))
            right -= positive
            wrong -= negative
        }
        self.rows = rows
    }

    /// Of a detector, which has no places without objects to count: of its curves over scores, and how many objects there
    /// are.
    init?(precision: [Double?], recall: [Double?], objects: Int) {
        guard precision.count == recall.count, (2...1001).contains(precision.count), objects > 0 else { return nil }
        rows = zip(precision, recall).map { precision, recall in
            let found = (recall ?? 0) * Double(objects)
            let wrong = precision.map { $0 > 0 ? found * (1 / $0 - 1) : 0 } ?? 0
            return Row(
                truePositives: found, falsePositives: wrong, trueNegatives: 0,
                falseNegatives: Double(objects) - found)
        }
    }

    /// The tensor [6, thresholds]: right and wrong answers, right and wrong ones that are left out, precision, recall.
    var values: [Float] {
        let columns: [(Row) -> Double] = [
            \.truePositives, \.falsePositives, \.trueNegatives, \.falseNegatives, \.precision, \.recall,
        ]
        return columns.flatMap { column in rows.map { Float(column($0)) } }
    }

    /// The message that says how many thresholds there are.
    var content: [UInt8] { ProtobufWriter.message { $0.integer(2, rows.count) } }
}

extension ClassSections {
    /// Each class against the others.
    static func precisionRecall(_ record: RunRecord) -> [(tag: String, curve: PrecisionRecallExport)] {
        guard let thresholds = record.result?["thresholds"] else { return [] }
        func counts(_ key: String) -> [[Int]] {
            (thresholds[key]?.arrayValue ?? []).prefix(1000).map { ($0.arrayValue ?? []).compactMap(\.integerValue) }
        }
        return zip(counts("positives"), counts("negatives")).enumerated().compactMap { index, pair in
            PrecisionRecallExport(positives: pair.0, negatives: pair.1).map {
                ("precisionRecall/\(record.className(index))", $0)
            }
        }
    }
}

extension InstanceSections {
    /// All classes together, and each.
    static func precisionRecall(_ record: RunRecord) -> [(tag: String, curve: PrecisionRecallExport)] {
        guard let found = InstanceRecord(record.result), let curves = found.curves else { return [] }
        var objects: [String: Int] = [:]
        for kind in found.boxes.classes { objects[kind.name] = kind.objects }
        let total = objects.values.reduce(0, +)
        return zip(curves.precisionAt, curves.recallAt).enumerated().compactMap { index, pair in
            guard pair.0.name == pair.1.name else { return nil }
            return PrecisionRecallExport(
                precision: pair.0.values, recall: pair.1.values,
                objects: index == 0 ? total : objects[pair.0.name] ?? 0
            ).map { ("precisionRecall/\(pair.0.name)", $0) }
        }
    }
}
