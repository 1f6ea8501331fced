// LearningRate: the search for a learning rate to begin with.

import Reporting
import Tasks
import Tensors

/// Trains for a short while with a learning rate that grows exponentially, and looks where the loss falls and where it
/// breaks out. Smith, arXiv 1506.01186.
package struct LearningRateFinder: Sendable {
    package struct Point: Sendable, Equatable {
        package let learningRate: Double
        /// Of one batch.
        package let loss: Double
        /// An exponential mean over the updates so far.
        package let smoothed: Double
    }

    package enum End: Sendable, Equatable {
        case complete
        /// The smoothed loss rose far above its lowest value.
        case diverged
        /// Loss or gradients were no numbers any more.
        case notFinite
    }

    /// The learning rates of the first and the last update.
    package var range: ClosedRange<Double>
    package var updates: Int

    package init(range: ClosedRange<Double> = 1e-6...1, updates: Int = 100) {
        (self.range, self.updates) = (range, updates)
    }

    /// What the ramp showed.
    package struct Result: Sendable, Equatable {
        package internal(set) var points: [Point] = []
        package internal(set) var end = End.complete

        /// The point of the lowest smoothed loss.
        package var lowest: Point? { points.min { $0.smoothed < $1.smoothed } }

        /// The point after the first updates where the smoothed loss falls fastest, by factors of the learning rate.
        package var steepest: Point? {
            let last = points.firstIndex { $0 == lowest } ?? 0
            let reach = Result.reach
            // Over a few updates to either side, since single batches are noise.
            let slopes = points.indices.filter { $0 >= 2 * reach && $0 + reach <= last }.map { index in
                (index, points[index + reach].smoothed - points[index - reach].smoothed)
            }
            guard let found = slopes.min(by: { $0.1 < $1.1 }), found.1 < -1e-3 * abs(points[found.0].smoothed) else {
                return nil
            }
            return points[found.0]
        }

        /// A learning rate to train with: a tenth of the one with the lowest loss, beyond which training soon diverges;
        /// nil where the loss never fell clearly.
        package var suggestion: Double? {
            guard let lowest, let first = points.dropFirst(Result.reach).first, points.count > 4 * Result.reach,
                lowest.smoothed < 0.98 * first.smoothed
            else { return nil }
            return lowest.learningRate / 10
        }

        private static let reach = 3
    }

    /// Share of the mean that stays at an update.
    private static let smoothing = 0.9
    /// How far above its lowest value the smoothed loss counts as diverged.
    private static let limit = 2.0

    /// The learning rate of an update, counted from 0.
    package func learningRate(_ update: Int) -> Double {
        let share = updates > 1 ? Double(update) / Double(updates - 1) : 0
        return range.lowerBound * power(range.upperBound / range.lowerBound, share)
    }

    /// Makes updates until the ramp ends or the loss diverges.
    /// - Parameter loss: makes an update with a learning rate and gives the loss of its batch.
    /// - Throws: what `loss` throws, but for `NonFiniteError`, which ends the ramp.
    package func ramp(_ loss: (_ update: Int, _ learningRate: Double) throws -> Double) rethrows -> Result {
        var result = Result()
        var mean = 0.0
        var weight = 0.0
        var best = Double.infinity
        for update in 0..<updates {
            let rate = learningRate(update)
            let value: Double
            do { value = try loss(update, rate) } catch is NonFiniteError {
                result.end = .notFinite
                break
            }
            mean = Self.smoothing * mean + (1 - Self.smoothing) * value
            weight = Self.smoothing * weight + (1 - Self.smoothing)
            let smoothed = mean / weight
            result.points.append(Point(learningRate: rate, loss: value, smoothed: smoothed))
            best = min(best, smoothed)
            // The first means are of few batches.
            if update >= 10, smoothed > Self.limit * best {
                result.end = .diverged
                break
            }
        }
        return result
    }

    /// Trains the recipe's model from its first weights. Nothing is written.
    /// - Throws: one sentence that names the file or key at fault.
    package func run(_ recipe: Recipe, console: Console) throws -> Result {
        let run = try recipe.makeRun(console: console)
        for notice in run.notices { console.notice(notice) }
        let progress = WorkProgress(console, "update", of: updates)
        defer { progress.finish() }
        let makeUpdate = run.singleUpdates()
        return try ramp { index, rate in
            let loss = try makeUpdate(index, rate)
            progress.add()
            try StopRequest.check("nothing was written; the same command begins anew, fewer --updates take less time")
            return loss
        }
    }
}
