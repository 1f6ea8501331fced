import Autograd
import Datasets
import Layers
import Reporting
import Tensors

/// Compares answers with the true numbers, in the user's units.
public struct RegressionEvaluator: Evaluator {
    private let task: RegressionTask
    private let options: EvaluationOptions
    private var findings = RegressionFindings()
    /// [image][target].
    private var points: [RegressionFindings.Point] = []
    private var count = 0
    private var loss = 0.0

    /// How many images a chart of truth and answer shows.
    private static let mostPoints = 1000

    init(_ task: RegressionTask, _ options: EvaluationOptions) { (self.task, self.options) = (task, options) }

    /// - Throws: what writing a row throws.
    public mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<QuantityTargets>) throws {
        let (names, outputs) = (task.vocabulary.classNames, task.outputs)
        if count == 0 { try options.row?(["path"] + names.flatMap { [$0, "predicted(\($0))"] }) }
        let answers = output.logits.value.array
        for row in 0..<batch.count {
            var own: [RegressionFindings.Point] = []
            var farthest = 0.0
            for target in 0..<outputs {
                let at = row * outputs + target
                let truth = batch.targets.values[at]
                own.append(.init(actual: truth, predicted: task.units.restored(answers[at], target)))
                let difference = Double(answers[at]) - task.units.standardized(truth, target)
                loss += task.distance(difference)
                farthest = max(farthest, abs(difference))
            }
            points += own
            let index = batch.indices[row]
            if options.mistakes > 0 {
                findings.mistakes.append(.init(index: index, points: own, distance: farthest))
            }
            try options.row?([options.name(index)] + own.flatMap { ["\($0.actual)", "\($0.predicted)"] })
        }
        count += batch.count
        findings.keepMistakes(options.mistakes)
    }

    /// The figures of each target and their means; the evaluator is spent then.
    public mutating func finish() -> RegressionFindings {
        let outputs = task.outputs
        findings.targets = (0..<outputs).map { target in
            let own = (0..<count).map { points[$0 * outputs + target] }
            var found = Self.target(own)
            let shown = min(Self.mostPoints, count)
            if options.mistakes > 0 { found.points = (0..<shown).map { own[$0 * count / shown] } }
            if options.isComplete { found.intervals = RegressionFindings.Intervals(own) }
            return found
        }
        func mean(_ value: KeyPath<RegressionFindings.Target, Double>) -> Double {
            findings.targets.reduce(0) { $0 + $1[keyPath: value] } / Double(max(1, outputs))
        }
        findings.scores = Scores(
            loss: loss / Double(max(1, count * outputs)), count: count,
            [
                .rSquared: mean(\.rSquared), .meanAbsoluteError: mean(\.meanAbsoluteError),
                .rootMeanSquaredError: mean(\.rootMeanSquaredError),
            ])
        return findings
    }

    private static func target(_ points: [RegressionFindings.Point]) -> RegressionFindings.Target {
        let count = Double(max(1, points.count))
        let mean = points.reduce(0) { $0 + $1.actual } / count
        var (squares, variance, distance, bias) = (0.0, 0.0, 0.0, 0.0)
        for point in points {
            let difference = point.predicted - point.actual
            squares += difference * difference
            variance += (point.actual - mean) * (point.actual - mean)
            distance += abs(difference)
            bias += difference
        }
        return RegressionFindings.Target(
            rSquared: rSquared(squares, variance), meanAbsoluteError: distance / count,
            rootMeanSquaredError: (squares / count).squareRoot(), bias: bias / count)
    }

    /// - Parameters:
    ///   - squares: the sum of the squared differences.
    ///   - variance: the sum of the squared differences from the mean.
    static func rSquared(_ squares: Double, _ variance: Double) -> Double {
        variance > 0 ? 1 - squares / variance : squares == 0 ? 1 : 0
    }
}
