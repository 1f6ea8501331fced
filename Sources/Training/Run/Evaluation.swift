import Autograd
import Datasets
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

    public static func == (a: EvaluationResult, b: EvaluationResult) -> Bool {
        a.loss == b.loss && a.accuracy == b.accuracy && a.topFiveAccuracy == b.topFiveAccuracy
            && a.confusion == b.confusion
    }
}

/// Runs a model in evaluation mode over all batches of a loader; the last partial batch counts.
public func evaluate(
    _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader
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
        logProbabilities.read { values in
            for i in 0..<batch.count {
                let row = values + i * classes
                let label = Int(batch.labels[i])
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
                }
                if above < min(5, classes) { amongFive += 1 }
            }
        }
        result.count += batch.count
    }
    let count = Double(max(1, result.count))
    result.loss = loss / count
    result.accuracy = Double(correct) / count
    result.topFiveAccuracy = Double(amongFive) / count
    return result
}
