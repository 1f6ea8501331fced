import Tensors

extension RegressionFindings.Intervals {
    /// Draws as many images as there are, with replacement, see `Resampling`.
    /// - Returns: nil without images, or for too many of them.
    init?(_ points: [RegressionFindings.Point]) {
        guard Resampling.isFeasible(points.count) else { return nil }
        let center = points.reduce(0) { $0 + $1.actual } / Double(points.count)
        var found: [(rSquared: Double, absolute: Double, root: Double)] = []
        for round in 0..<Resampling.rounds {
            var random = Random(seed: 0, purpose: "bootstrap", round)
            var (sum, sumOfSquares, squares, distance) = (0.0, 0.0, 0.0, 0.0)
            for _ in points.indices {
                let point = points[random.integer(below: points.count)]
                let (difference, value) = (point.predicted - point.actual, point.actual - center)
                sum += value
                sumOfSquares += value * value
                squares += difference * difference
                distance += abs(difference)
            }
            let count = Double(points.count)
            found.append(
                (
                    RegressionEvaluator.rSquared(squares, max(0, sumOfSquares - sum * sum / count)), distance / count,
                    (squares / count).squareRoot()
                ))
        }
        rSquared = Resampling.interval(found.map(\.rSquared))
        meanAbsoluteError = Resampling.interval(found.map(\.absolute))
        rootMeanSquaredError = Resampling.interval(found.map(\.root))
    }
}
