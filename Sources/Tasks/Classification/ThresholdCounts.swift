import JSON

/// How probable a classifier finds each class for images of it and for others, in 101 parts from 0 to 1: what curves of
/// precision over recall are made of.
package struct ThresholdCounts: Sendable, Equatable {
    /// Probabilities from i / 100 on, up to the next.
    package static let parts = 101
    /// More classes than these are not counted.
    package static let mostClasses = 50

    /// [class][part]: images of the class.
    package private(set) var positives: [[Int]]
    /// [class][part]: images of other classes.
    package private(set) var negatives: [[Int]]

    /// - Returns: nil for too many classes.
    package init?(classes: Int) {
        guard (1...Self.mostClasses).contains(classes) else { return nil }
        positives = Array(repeating: Array(repeating: 0, count: Self.parts), count: classes)
        negatives = positives
    }

    /// Takes the probabilities of an image.
    package mutating func add(_ probabilities: some Sequence<Double>, label: Int) {
        for (index, value) in probabilities.enumerated() where value.isFinite {
            let part = min(max(Int(value * Double(Self.parts - 1)), 0), Self.parts - 1)
            if index == label { positives[index][part] += 1 } else { negatives[index][part] += 1 }
        }
    }

    var json: JSONValue {
        func list(_ counts: [[Int]]) -> JSONValue { .array(counts.map { .array($0.map { .integer($0) }) }) }
        return ["positives": list(positives), "negatives": list(negatives)]
    }
}
