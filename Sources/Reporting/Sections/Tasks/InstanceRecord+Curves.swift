import JSON

/// Precision at the recalls 0, 0.01, ... 1, or at other evenly spaced ones.
package struct InstanceCurve: Sendable, Equatable {
    /// What it is of: `IoU 0.50`, `masks, IoU 0.50`.
    package var name: String
    /// From recall 0 to recall 1, at least two; nil where nothing is defined.
    package var precision: [Double?]

    /// - Parameters:
    ///   - name: what it is of: `IoU 0.50`.
    ///   - precision: from recall 0 to recall 1.
    package init(name: String, precision: [Double?]) { (self.name, self.precision) = (name, precision) }

    init?(_ json: JSONValue) {
        guard let name = json["name"]?.stringValue, let values = json["precision"]?.arrayValue,
            (2...1001).contains(values.count)
        else { return nil }
        self.init(name: name, precision: values.map { MaskClass.share($0) })
    }

    var json: JSONValue {
        ["name": .string(name), "precision": .array(precision.map { $0.map { .measured($0) } ?? .null })]
    }
}

/// Precision, recall and F1 at IoU 0.50 of the answers that have at least a score, all classes together.
package struct InstanceScoreCurves: Sendable, Equatable {
    /// The least scores, rising.
    package var thresholds: [Double]
    /// One for each of them; precision is nil where no answer is left.
    package var precision: [Double?]
    package var recall: [Double?]
    package var f1: [Double?]
    /// The least score with the best F1, which `predict` takes; nil where there is none.
    package var best: Double?

    /// - Parameters:
    ///   - thresholds: the least scores, rising.
    ///   - best: the one that `predict` takes.
    package init(
        thresholds: [Double], precision: [Double?], recall: [Double?], f1: [Double?], best: Double? = nil
    ) {
        (self.thresholds, self.precision, self.recall) = (thresholds, precision, recall)
        (self.f1, self.best) = (f1, best)
    }

    init?(_ json: JSONValue) {
        let thresholds = (json["thresholds"]?.arrayValue ?? []).compactMap { MaskClass.share($0) }
        func shares(_ key: String) -> [Double?] { (json[key]?.arrayValue ?? []).map { MaskClass.share($0) } }
        let (precision, recall, f1) = (shares("precision"), shares("recall"), shares("f1"))
        guard (2...1001).contains(thresholds.count), zip(thresholds, thresholds.dropFirst()).allSatisfy(<),
            [precision, recall, f1].allSatisfy({ $0.count == thresholds.count })
        else { return nil }
        self.init(
            thresholds: thresholds, precision: precision, recall: recall, f1: f1, best: MaskClass.share(json["best"]))
    }

    var json: JSONValue {
        func list(_ values: [Double?]) -> JSONValue { .array(values.map { $0.map { .measured($0) } ?? .null }) }
        return [
            "thresholds": list(thresholds), "precision": list(precision), "recall": list(recall), "f1": list(f1),
            "best": .optional(best),
        ]
    }
}

/// What is taken for what: pairs of classes with how often they occur. The number of classes itself stands for the
/// background: as truth for answers to which there is no object, as answer for objects without one.
package struct InstanceConfusion: Sendable, Equatable {
    package struct Cell: Sendable, Equatable {
        package var actual: Int
        package var predicted: Int
        package var count: Int

        package init(actual: Int, predicted: Int, count: Int) {
            (self.actual, self.predicted, self.count) = (actual, predicted, count)
        }
    }

    /// How many classes there are, without the background.
    package var classes: Int
    /// The pairs that occur.
    package var cells: [Cell]
    /// Which answers are counted: those of at least this score that overlap an object by at least this IoU.
    package var score: Double
    package var overlap: Double

    /// - Parameters:
    ///   - classes: how many there are, without the background.
    ///   - score: the least one of an answer.
    ///   - overlap: the least IoU at which an answer is one to an object.
    package init(classes: Int, cells: [Cell], score: Double, overlap: Double) {
        (self.classes, self.cells, self.score, self.overlap) = (classes, cells, score, overlap)
    }

    init?(_ json: JSONValue) {
        guard let classes = json["classes"]?.integerValue, (1...4095).contains(classes),
            let cells = json["cells"]?.arrayValue, let score = MaskClass.share(json["score"]),
            let overlap = MaskClass.share(json["iou"])
        else { return nil }
        // Counts of pairs add up to less than what 64 bits hold, whatever the file says.
        self.init(
            classes: classes,
            cells: cells.prefix(1 << 20).compactMap { cell in
                let numbers = (cell.arrayValue ?? []).compactMap(\.integerValue)
                guard numbers.count == 3, (0...classes).contains(numbers[0]), (0...classes).contains(numbers[1]),
                    (0...1 << 40).contains(numbers[2])
                else { return nil }
                return Cell(actual: numbers[0], predicted: numbers[1], count: numbers[2])
            }, score: score, overlap: overlap)
    }

    var json: JSONValue {
        [
            "classes": .integer(classes), "score": .number(score), "iou": .number(overlap),
            "cells": .array(
                cells.map { .array([.integer($0.actual), .integer($0.predicted), .integer($0.count)]) }),
        ]
    }
}
