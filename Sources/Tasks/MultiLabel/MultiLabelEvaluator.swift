import Autograd
import Datasets
import Foundation
import Layers
import Reporting
import Tensors

/// Ranks images by each class, and counts what is right at the thresholds.
public struct MultiLabelEvaluator: Evaluator {
    private let classNames: [String]
    private let thresholds: [Double]
    private let options: EvaluationOptions
    private var findings: MultiLabelFindings
    /// [image][class].
    private var logits: [Float] = []
    private var present: [Bool] = []
    private var count = 0
    private var loss = 0.0

    /// More numbers than this (half a gigabyte) are not kept.
    private static let mostValues = 1 << 27

    /// - Parameters:
    ///   - classNames: one for each output.
    ///   - thresholds: from which probability on an image is said to have each class.
    public init(classNames: [String], thresholds: [Double], _ options: EvaluationOptions) {
        (self.classNames, self.thresholds, self.options) = (classNames, thresholds, options)
        findings = MultiLabelFindings(classes: [])
    }

    /// - Throws: `RecipeError` for more answers than can be kept, or what writing a row throws.
    public mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<ClassSets>) throws {
        let classes = classNames.count
        if count == 0 { try options.row?(["path", "label", "predicted"] + classNames.map { "p(\($0))" }) }
        guard (count + batch.count) * classes <= Self.mostValues else {
            throw RecipeError(
                "\(options.images) images and \(classes) classes are more than can be ranked at once, expected at most "
                    + "\(Self.mostValues) answers; measure a part of the images")
        }
        let values = output.logits.value.array
        for row in 0..<batch.count {
            let range = row * classes..<(row + 1) * classes
            try add(values[range], batch.targets.values[range].map { $0 > 0 }, index: batch.indices[row])
        }
        logits += values
        count += batch.count
        findings.keepMistakes(options.mistakes)
    }

    private mutating func add(_ row: ArraySlice<Float>, _ actual: [Bool], index: Int) throws {
        var own = 0.0
        var predicted: [Int] = []
        for (c, logit) in row.enumerated() {
            let x = Double(logit)
            own += max(x, 0) + log1p(exp(-abs(x))) - (actual[c] ? x : 0)
            if Self.probability(x) >= thresholds[c] { predicted.append(c) }
        }
        loss += own
        present += actual
        let wanted = actual.indices.filter { actual[$0] }
        if predicted == wanted { findings.exact += 1 }
        if options.mistakes > 0, predicted != wanted {
            findings.mistakes.append(
                .init(index: index, actual: wanted, predicted: predicted, loss: own / Double(max(1, row.count))))
        }
        guard let write = options.row else { return }
        func words(_ classes: [Int]) -> String { classes.map { classNames[$0] }.joined(separator: "|") }
        try write(
            [options.name(index), words(wanted), words(predicted)]
                + row.map { CSV.number(Float(Self.probability(Double($0)))) })
    }

    /// sigmoid(x).
    static func probability(_ logit: Double) -> Double { 1 / (1 + exp(-logit)) }

    /// The figures of each class and their means; the evaluator is spent then.
    public mutating func finish() -> MultiLabelFindings {
        let classes = classNames.count
        let found = UnsafeMutablePointer<MultiLabelFindings.Class>.allocate(capacity: classes)
        defer {
            found.deinitialize(count: classes)
            found.deallocate()
        }
        let places = Places(UnsafeMutableBufferPointer(start: found, count: classes))
        let (values, marks, limits, images) = (logits, present, thresholds, count)
        parallelFor(classes, grain: 1) { range in
            for c in range {
                (places.start + c).initialize(
                    to: Self.figures(
                        (0..<images).lazy.map { (values[$0 * classes + c], marks[$0 * classes + c]) },
                        threshold: limits[c]))
            }
        }
        findings.classes = (0..<classes).map { found[$0] }
        findings.scores = Scores(
            loss: loss / Double(max(1, count * classes)), count: count,
            [
                .meanAveragePrecision: findings.mean(\.averagePrecision) ?? 0,
                .meanAUC: findings.mean(\.auc) ?? 0,
            ])
        if options.isComplete {
            findings.interval = PrecisionResampling(logits: logits, present: present, classes: classes)?.interval
        }
        return findings
    }

    private static func figures(
        _ answers: some Sequence<(score: Float, isIts: Bool)>, threshold: Double
    ) -> MultiLabelFindings.Class {
        let ranking = BinaryRanking(answers)
        var found = MultiLabelFindings.Class(images: ranking.positives, threshold: threshold)
        for (score, isIts) in answers where probability(Double(score)) >= threshold {
            found.predicted += 1
            if isIts { found.right += 1 }
        }
        found.averagePrecision = ranking.averagePrecision
        found.auc = ranking.area
        found.bestThreshold = (ranking.bestThreshold?.score).map(probability)
        return found
    }
}
