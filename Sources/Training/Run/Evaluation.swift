import Autograd
import Datasets
import Foundation
import Layers
import Tensors

/// How well a model does on a data set.
public struct EvaluationResult: Sendable, Equatable {
    /// Mean cross-entropy without smoothing.
    public var loss = 0.0
    public var accuracy = 0.0
    /// The share of images whose class is among the five (or as many as there are) most probable ones.
    public var topFiveAccuracy = 0.0
    public var count = 0
    /// [class]: (images, right ones).
    public var perClass: [(count: Int, correct: Int)] = []
    /// [true class][predicted class].
    public var confusion: [[Int]] = []
    /// Wrong answers, those given with the most confidence first; as many as were asked for.
    public var mistakes: [Mistake] = []

    /// An image that was taken for another class.
    public struct Mistake: Sendable, Equatable {
        /// The image's index in the data set.
        public let index: Int
        public let actual: Int
        public let predicted: Int
        /// The probabilities of the class that was named and of the right one.
        public let confidence: Double
        public let actualProbability: Double
    }

    public static func == (a: EvaluationResult, b: EvaluationResult) -> Bool {
        a.loss == b.loss && a.accuracy == b.accuracy && a.topFiveAccuracy == b.topFiveAccuracy
            && a.confusion == b.confusion
    }
}

extension EvaluationResult {
    fileprivate mutating func keepMistakes(_ count: Int) {
        mistakes.sort { ($1.confidence, $0.index) < ($0.confidence, $1.index) }
        mistakes = Array(mistakes.prefix(count))
    }
}

/// Runs a model in evaluation mode over all batches of a loader; the last partial batch counts.
/// - Parameters:
///   - mistakes: how many of the most confidently wrong answers are kept.
///   - each: is given every image's index in the data set, its label and its logarithmic probabilities, in order.
public func evaluate(
    _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader, mistakes: Int = 0,
    each: ((_ index: Int, _ label: Int, _ logProbabilities: UnsafeBufferPointer<Float>) throws -> Void)? = nil
) throws -> EvaluationResult {
    var result = EvaluationResult()
    let classes = model.classes
    result.perClass = Array(repeating: (0, 0), count: classes)
    result.confusion = Array(repeating: Array(repeating: 0, count: classes), count: classes)
    var loss = 0.0
    var correct = 0
    var amongFive = 0
    loader.start(epoch: 0)
    while let batch = try loader.next() {
        let logits = model(Variable(Tensor(batch)), .evaluation(store)).logits
        let logProbabilities = logits.logSoftmax().value
        try logProbabilities.read { values in
            for i in 0..<batch.count {
                let row = values + i * classes
                let label = Int(batch.labels[i])
                try each?(batch.indices[i], label, UnsafeBufferPointer(start: row, count: classes))
                var best = 0
                var above = 0
                for c in 0..<classes {
                    if row[c] > row[best] { best = c }
                    if row[c] > row[label] || (row[c] == row[label] && c < label) { above += 1 }
                }
                loss -= Double(row[label])
                result.perClass[label].count += 1
                result.confusion[label][best] += 1
                if best == label {
                    correct += 1
                    result.perClass[label].correct += 1
                } else if mistakes > 0 {
                    result.mistakes.append(
                        EvaluationResult.Mistake(
                            index: batch.indices[i], actual: label, predicted: best,
                            confidence: exp(Double(row[best])),
                            actualProbability: exp(Double(row[label]))))
                }
                if above < min(5, classes) { amongFive += 1 }
            }
        }
        result.count += batch.count
        result.keepMistakes(mistakes)
    }
    let count = Double(max(1, result.count))
    result.loss = loss / count
    result.accuracy = Double(correct) / count
    result.topFiveAccuracy = Double(amongFive) / count
    return result
}
