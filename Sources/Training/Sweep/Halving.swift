import Reporting
import Tasks

/// Successive halving (Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization",
/// AISTATS 2016): after the epochs of a rung only the best configurations by validation go on, one in `factor`.
///
/// The rungs are gone through one after the other, so that the choice does not depend on which run was quick; the asynchronous
/// variant (Li et al., arXiv 1810.05934) is for many machines.
package struct Halving: Sendable, Equatable {
    /// Finished epochs after which configurations are compared, ascending.
    package let rungs: [Int]
    /// One configuration in so many goes on.
    package let factor: Int

    /// How many configurations survive by default, and at most.
    package static let usualFactor = 3
    package static let factors = 2...100

    /// - Parameters:
    ///   - rungs: nil for as many as leave one configuration, the last of them a `factor`-th of the run's epochs, the one
    ///     before a `factor`-th of that, and so on.
    ///   - epochs: of the whole run.
    /// - Throws: `RecipeError` for rungs that are none.
    package init(rungs: [Int]?, factor: Int = usualFactor, epochs: Int, configurations: Int) throws {
        self.factor = factor
        guard Self.factors.contains(factor) else {
            throw RecipeError(
                "--keep is \(factor), expected one in \(Self.factors.lowerBound) to \(Self.factors.upperBound)")
        }
        guard epochs > 1 else {
            throw RecipeError(
                "--halving stops runs before their end, but training.epochs is \(epochs), expected at least 2")
        }
        guard configurations > 1 else {
            throw RecipeError("--halving compares configurations, but there is one, expected --vary with more values")
        }
        guard let rungs else {
            self.rungs = Self.usual(factor, epochs, configurations)
            return
        }
        for (index, rung) in rungs.enumerated() {
            guard (1..<epochs).contains(rung) else {
                throw RecipeError(
                    "--rungs has \(rung), expected epochs from 1 to \(epochs - 1), since training.epochs is \(epochs)")
            }
            if index > 0, rung <= rungs[index - 1] {
                throw RecipeError(
                    "--rungs has \(rung) after \(rungs[index - 1]), expected "
                        + Set(rungs).sorted().map(String.init).joined(separator: ","))
            }
        }
        self.rungs = rungs
    }

    private static func usual(_ factor: Int, _ epochs: Int, _ configurations: Int) -> [Int] {
        var rungs: [Int] = []
        var (left, rung) = (configurations, epochs)
        while left > 1, rung > 1 {
            rung = (rung + factor - 1) / factor
            left /= factor
            rungs.insert(rung, at: 0)
        }
        // Of a few epochs several parts may be the same one.
        return rungs.enumerated().filter { $0.offset == 0 || $0.element > rungs[$0.offset - 1] }.map(\.element)
            .filter { $0 < epochs }
    }

    /// Which configurations go on, as positions in ascending order: at least one, the earlier ones of those that are level.
    /// - Parameter scores: nil for a configuration that has none, which does not go on.
    package func survivors(_ scores: [Double?], _ metric: Metric) -> [Int] {
        let known = scores.indices.filter { scores[$0] != nil }
        let ranked = known.sorted { first, second in
            if metric.isOrdered(scores[first], before: scores[second]) { return true }
            return !metric.isOrdered(scores[second], before: scores[first]) && first < second
        }
        return ranked.prefix(max(1, scores.count / factor)).sorted()
    }
}
