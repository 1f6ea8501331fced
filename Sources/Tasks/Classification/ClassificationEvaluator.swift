import Autograd
import Datasets
import Foundation
import Layers
import Reporting
import Tensors

/// Counts what a classifier gets right, and adds up its cross-entropy.
public struct ClassificationEvaluator: Evaluator {
    private let classNames: [String]
    private let options: EvaluationOptions
    private var findings: ClassificationFindings
    /// What areas under curves and calibration are made of, where everything is asked for.
    private var probabilities: PredictionScores?
    /// What logits are divided by.
    private let temperature: Float
    /// Looks for a better one, where it is asked for.
    private var fit: TemperatureFit?
    private var count = 0
    private var loss = 0.0
    private var correct = 0
    private var amongFive = 0

    /// - Parameters:
    ///   - classNames: one for each output.
    ///   - temperature: what logits are divided by before they are made probabilities.
    ///   - fitsTemperature: whether to look for the one that explains the labels best.
    public init(
        classNames: [String], temperature: Double = 1, fitsTemperature: Bool = false, _ options: EvaluationOptions
    ) {
        self.temperature = Float(temperature)
        fit = fitsTemperature ? TemperatureFit(classes: classNames.count) : nil
        self.classNames = classNames
        self.options = options
        findings = ClassificationFindings(classes: classNames.count)
        if options.mistakes > 0 { findings.thresholds = ThresholdCounts(classes: classNames.count) }
        if options.isComplete {
            probabilities = PredictionScores(classes: classNames.count, images: options.images)
        }
    }

    /// - Throws: `RecipeError` for outputs that are not finite where everything is asked for, or what writing a row throws.
    public mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<Labels>) throws {
        if count == 0 { try options.row?(["path", "label", "predicted"] + classNames.map { "p(\($0))" }) }
        let logits = temperature == 1 ? output.logits : output.logits.scaled(by: 1 / temperature)
        let logProbabilities = logits.logSoftmax().value
        let classes = classNames.count
        try logProbabilities.read { values in
            for i in 0..<batch.count {
                let row = UnsafeBufferPointer(start: values + i * classes, count: classes)
                try add(row, label: Int(batch.targets.classes[i]), index: batch.indices[i])
            }
        }
        count += batch.count
        findings.keepMistakes(options.mistakes)
    }

    private mutating func add(_ row: UnsafeBufferPointer<Float>, label: Int, index: Int) throws {
        var best = 0
        var above = 0
        for c in row.indices {
            if row[c] > row[best] { best = c }
            if row[c] > row[label] || (row[c] == row[label] && c < label) { above += 1 }
        }
        loss -= Double(row[label])
        findings.confusion[label][best] += 1
        findings.calibration.add(confidence: exp(Double(row[best])), isRight: best == label)
        fit?.add(row, label: label)
        if best == label { correct += 1 }
        if options.mistakes > 0 {
            let answer = ClassificationFindings.Mistake(
                index: index, actual: label, predicted: best, confidence: exp(Double(row[best])),
                actualProbability: exp(Double(row[label])))
            findings.add(answer)
            findings.thresholds?.add(row.lazy.map { exp(Double($0)) }, label: label)
        }
        if above < min(5, row.count) { amongFive += 1 }
        if options.isComplete { try keep(row, label: label, best: best, index: index) }
    }

    private mutating func keep(_ row: UnsafeBufferPointer<Float>, label: Int, best: Int, index: Int) throws {
        let values = row.map { Float(exp(Double($0))) }
        guard !values.contains(where: \.isNaN) else {
            throw RecipeError(
                "\(options.name(index)): the model's outputs are not finite, so its weights or its input are beyond use"
            )
        }
        probabilities?.add(label: label, values)
        try options.row?([options.name(index), classNames[label], classNames[best]] + values.map(CSV.number))
    }

    /// The means over all images, and figures of each class where everything is asked for; the evaluator is spent then.
    public mutating func finish() -> ClassificationFindings {
        let total = Double(max(1, count))
        findings.scores = Scores(
            loss: loss / total, count: count,
            [.accuracy: Double(correct) / total, .topFiveAccuracy: Double(amongFive) / total])
        // The fit is of what was left of the logits, so that both factors count.
        findings.temperature = fit?.temperature.map { $0 * Double(temperature) }
        if let probabilities {
            findings.report = ClassificationReport(
                confusion: findings.confusion, calibration: findings.calibration, scores: probabilities)
            if !probabilities.keepsAll {
                findings.notices = ["there are too many images and classes for areas under curves (AUC)."]
            }
        }
        return findings
    }
}
