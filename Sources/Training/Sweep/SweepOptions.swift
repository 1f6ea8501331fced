import Tasks

/// How a sweep draws, stops and ends, as its command line or the section of its file says.
package struct SweepOptions: Sendable, Equatable {
    /// How many runs are drawn at random; nil for all combinations.
    package var random: Int?
    /// Of the draws.
    package var seed: Int?
    /// Whether runs are stopped at rungs.
    package var halving = false
    /// The epochs of the rungs; nil for those that follow from the number of configurations.
    package var rungs: [Int]?
    /// One configuration in so many goes on from a rung; nil for the usual number.
    package var keep: Int?
    /// Into how many parts the images are divided, each configuration being trained once for each; nil for one run.
    package var folds: Int?
    /// How long a call may train; nil for as long as it takes.
    package var minutes: Double?

    package init() {}

    /// The longest budget, about two years.
    package static let mostMinutes = 1e6

    /// Where these say nothing, what others say.
    package func over(_ other: SweepOptions) -> SweepOptions {
        var options = self
        options.random = random ?? other.random
        options.seed = seed ?? other.seed
        options.halving = halving || other.halving
        options.rungs = rungs ?? other.rungs
        options.keep = keep ?? other.keep
        options.folds = folds ?? other.folds
        options.minutes = minutes ?? other.minutes
        return options
    }

    /// What stands alone and needs something beside it, one sentence, or nil.
    package var problem: String? {
        if seed != nil, random == nil {
            return "--seed goes with --random; --set run.seed=\(seed ?? 0) is the seed of the runs"
        }
        if !halving, rungs != nil { return "--rungs goes with --halving" }
        if !halving, keep != nil { return "--keep goes with --halving" }
        return nil
    }

    /// The arms of these variations.
    /// - Throws: `RecipeError` for variations that are none.
    package func plan(_ variations: [String]) throws -> SweepPlan {
        let plan =
            try random.map { try SweepPlan(variations, draws: $0, seed: UInt64(seed ?? 0)) } ?? SweepPlan(variations)
        return try folds.map { try plan.crossed(folds: $0) } ?? plan
    }
}
