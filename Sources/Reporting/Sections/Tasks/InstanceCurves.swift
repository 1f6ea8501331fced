import JSON

/// A curve of all classes together, or of one.
package struct InstanceCurve: Sendable, Equatable {
    /// `all`, or the name of a class.
    package var name: String
    /// Shares of 1, one for each horizontal position; nil where nothing is defined.
    package var values: [Double?]

    /// - Parameters:
    ///   - name: `all`, or the name of a class.
    ///   - values: one for each horizontal position.
    package init(_ name: String, _ values: [Double?]) { (self.name, self.values) = (name, values) }
}

/// Precision over recall, and precision, recall and F1 over the least score, at an IoU of 0.50. Each list begins with the
/// curve of all classes; those of single classes may follow.
package struct InstanceCurves: Sendable, Equatable {
    /// The recalls of `precision`, rising: 0, 0.01, ... 1.
    package var recalls: [Double]
    package var precision: [InstanceCurve]
    /// The least scores of the other curves, rising.
    package var scores: [Double]
    /// Precision is nil where no answer is left.
    package var precisionAt: [InstanceCurve]
    package var recallAt: [InstanceCurve]
    package var f1: [InstanceCurve]

    /// - Parameters:
    ///   - recalls: rising.
    ///   - precision: at these recalls.
    ///   - scores: rising.
    ///   - precisionAt: of the answers of at least these scores.
    ///   - recallAt: of the answers of at least these scores.
    package init(
        recalls: [Double], precision: [InstanceCurve], scores: [Double], precisionAt: [InstanceCurve],
        recallAt: [InstanceCurve], f1: [InstanceCurve]
    ) {
        (self.recalls, self.precision, self.scores) = (recalls, precision, scores)
        (self.precisionAt, self.recallAt, self.f1) = (precisionAt, recallAt, f1)
    }

    /// - Returns: nil where neither axis is one.
    init?(_ json: JSONValue) {
        func axis(_ key: String) -> [Double] {
            let values = (json[key]?.arrayValue ?? []).prefix(1002).map { MaskClass.share($0) }
            let known = values.compactMap { $0 }
            let isRising = zip(known, known.dropFirst()).allSatisfy { $0 < $1 }
            return known.count == values.count && (2...1001).contains(known.count) && isRising ? known : []
        }
        func curves(_ key: String, _ count: Int) -> [InstanceCurve] {
            (json[key]?.objectValue ?? []).prefix(InstanceRecord.mostClasses + 1).compactMap { member in
                guard let values = member.value.arrayValue, values.count == count, count > 0 else { return nil }
                return InstanceCurve(member.name, values.map { MaskClass.share($0) })
            }
        }
        let (recalls, scores) = (axis("recall"), axis("score"))
        guard !recalls.isEmpty || !scores.isEmpty else { return nil }
        self.init(
            recalls: recalls, precision: curves("precision", recalls.count), scores: scores,
            precisionAt: curves("precisionAt", scores.count), recallAt: curves("recallAt", scores.count),
            f1: curves("f1", scores.count))
    }

    var json: JSONValue {
        func list(_ values: [Double?]) -> JSONValue { .array(values.map { $0.map { .measured($0) } ?? .null }) }
        func object(_ curves: [InstanceCurve]) -> JSONValue {
            .object(curves.map { JSONValue.Member($0.name, list($0.values)) })
        }
        return [
            "recall": list(recalls), "precision": object(precision), "score": list(scores),
            "precisionAt": object(precisionAt), "recallAt": object(recallAt), "f1": object(f1),
        ]
    }
}

/// What is taken for what: pairs of classes with how often they occur. The number of classes itself stands for the
/// background: as truth for answers to which there is no object, as answer for objects without one.
package struct InstanceConfusion: Sendable, Equatable {
    /// A pair that occurs.
    package struct Cell: Sendable, Equatable {
        package var truth: Int
        package var answer: Int
        package var count: Int

        package init(truth: Int, answer: Int, count: Int) {
            (self.truth, self.answer, self.count) = (truth, answer, count)
        }
    }

    package var cells: [Cell]
    /// Which answers are counted: those of at least this score that overlap an object by at least this IoU.
    package var score: Double
    package var overlap: Double

    /// - Parameters:
    ///   - cells: the pairs that occur; the number of classes is the background.
    ///   - score: the least one of an answer.
    ///   - overlap: the least IoU at which an answer is one to an object.
    package init(cells: [Cell], score: Double, overlap: Double) {
        (self.cells, self.score, self.overlap) = (cells, score, overlap)
    }

    init?(_ json: JSONValue, classes: Int) {
        guard let cells = json["counts"]?.arrayValue, let score = MaskClass.share(json["score"]),
            let overlap = MaskClass.share(json["overlap"])
        else { return nil }
        // So many counts of so much add up to less than what 64 bits hold, whatever the file says.
        self.init(
            cells: cells.prefix(1 << 20).compactMap { cell in
                let numbers = (cell.arrayValue ?? []).compactMap(\.integerValue)
                guard numbers.count == 3, (0...classes).contains(numbers[0]), (0...classes).contains(numbers[1]),
                    (0...1 << 40).contains(numbers[2])
                else { return nil }
                return Cell(truth: numbers[0], answer: numbers[1], count: numbers[2])
            }, score: score, overlap: overlap)
    }

    var json: JSONValue {
        [
            "score": .number(score), "overlap": .number(overlap),
            "counts": .array(cells.map { .array([.integer($0.truth), .integer($0.answer), .integer($0.count)]) }),
        ]
    }
}
