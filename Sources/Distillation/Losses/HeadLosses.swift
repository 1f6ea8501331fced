import Autograd
import Tensors

/// Distillation of the classes of dense heads: T^2 times the sum over all anchors and classes of the divergence between
/// the teacher's and the student's probabilities sigmoid(. / T), each class a yes-or-no question of its own, divided by how
/// many objects' worth of anchors the teacher is sure of (`HeadAnswers.confidence`). Hinton et al., arXiv 1503.02531, as
/// binary questions: Yang et al., arXiv 2308.14286, equation 5, without its factor |p_t - p_s|.
///
/// The divergence is binary cross-entropy with the teacher's probabilities less what it is at the teacher itself, so it is
/// 0 where both agree. Gradient of a logit: T (sigmoid(s / T) - sigmoid(t / T)) over the divisor.
public struct HeadClassLoss: HeadLoss, Hashable {
    /// The temperature of the sigmoid.
    public var temperature: Double
    /// Anchors count in the divisor where the teacher gives a class at least this probability.
    public var threshold: Double

    /// The constants.
    public init(temperature: Double = 1, threshold: Double = HeadLossRule().threshold) {
        (self.temperature, self.threshold) = (temperature, threshold)
    }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(_ answers: HeadAnswers<S>) -> Variable<S> {
        let divisor = answers.confidence(threshold).total
        let factor = temperature * temperature / divisor
        return answers.summed {
            $0.classes.logisticDivergence(teacherLogits: $0.teacherClasses, temperature: temperature).scaled(factor)
        }
    }
}

/// Distillation of the boxes of dense heads: the mean distance of the student's boxes from the teacher's over the anchors
/// where the teacher is sure, each weighted by the teacher's probability (`HeadAnswers.confidence`). Yang et al., arXiv
/// 2308.14286, equation 8, with the teacher's probability as the weight.
///
/// What is called localisation distillation (LD, Zheng et al., arXiv 2102.12252) compares distributions over the places of
/// a side; heads that answer four numbers have none, and the teacher's box is all that can be taken from them.
public struct HeadBoxLoss: HeadLoss, Hashable {
    /// Which anchors count, and how far boxes are apart.
    public var rule: HeadLossRule

    /// The constants.
    public init(_ rule: HeadLossRule = HeadLossRule()) { self.rule = rule }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(_ answers: HeadAnswers<S>) -> Variable<S> {
        let confidence = answers.confidence(rule.threshold)
        var weights = confidence.weights.makeIterator()
        return answers.summed { level in
            let own = weights.next() ?? Tensor([level.deltas.shape[0], 1], repeating: 0)
            return distance(level, own, answers.deviations).scaled(1 / confidence.total)
        }
    }

    private func distance<S: Scalar>(
        _ level: HeadAnswers<S>.Level, _ weights: Tensor<S>, _ deviations: [Double]
    ) -> Variable<S> {
        if rule.distance == .smoothL1 {
            return level.deltas.smoothL1(level.teacherDeltas, beta: 1.0 / 9, weights: weights)
        }
        // Overlaps do not change when both boxes are moved and stretched alike, so any anchor will do.
        let rows = level.deltas.shape[0]
        let side: [S] = [-0.5, -0.5, 0.5, 0.5]
        let anchors = Tensor<S>([1, 4], side) + Tensor<S>([rows, 1], repeating: 0)
        func boxes(_ deltas: Variable<S>) -> Variable<S> {
            deltas.decodedBoxes(anchors, deviations: deviations, clampsSmall: false)
        }
        return boxes(level.deltas).boxLoss(
            boxes(Variable(level.teacherDeltas)).value, kind: .giou, epsilon: 1e-12,
            weights: weights.reshaped([rows]))
    }
}

extension HeadAnswers {
    /// How sure the teacher is of each anchor.
    package struct Confidence {
        /// For each level [R, 1] the teacher's largest probability of a class, 0 where it is below the threshold.
        package let weights: [Tensor<S>]
        /// The sum of all weights, 1 at least.
        package let total: Double
    }

    /// How sure the teacher is of each anchor: its largest probability where that is at least the threshold.
    package func confidence(_ threshold: Double) -> Confidence {
        let least = S(threshold)
        let weights = levels.map { level -> Tensor<S> in
            let largest = level.teacherClasses.rowMaxima().mapped(.sigmoid)
            return Tensor(largest.shape, largest.array.map { $0 >= least ? $0 : 0 })
        }
        return Confidence(
            weights: weights, total: max(1, weights.reduce(0) { $0 + Double($1.summed().item) }))
    }

    /// The sum of what `body` makes of each level.
    func summed(_ body: (Level) -> Variable<S>) -> Variable<S> {
        let parts = levels.map(body)
        return parts.dropFirst().reduce(parts[0]) { $0 + $1 }
    }
}

extension Tensor {
    /// The largest element of each innermost row, [R, C] -> [R, 1].
    fileprivate func rowMaxima() -> Tensor {
        let (rows, columns) = (shape.rows, shape.columns)
        let window = Window(kernel: Pair(1, columns), stride: Pair(1, columns), padding: 0)
        return reshaped([1, rows, columns, 1]).maxPooled(window).0.reshaped([rows, 1])
    }
}
