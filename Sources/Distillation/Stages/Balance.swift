import Configuration

/// How the weight of a stage's distillation losses is found.
public enum Balance: String, Sendable, CaseIterable, OldSpellings {
    /// The weights of the configuration as they are.
    case off = "none"
    /// From the mean losses of the first steps.
    case firstSteps
    /// From the norms of the gradients in the first steps.
    case gradientNorm

    /// Words that were written with hyphens.
    public static var oldSpellings: [String: Balance] { ["first-steps": .firstSteps, "gradient-norm": .gradientNorm] }

    /// The factor on all distillation weights that makes the distillation part `ratio` times the task's: `ratio` times
    /// the mean of `task` over the mean of `distillation`, each the losses (`firstSteps`) or the gradient norms
    /// (`gradientNorm`) of the same steps. 1 for `off`.
    ///
    /// - Returns: nil when there is nothing to measure: no step, a sum that is no number, or a distillation part of 0.
    package func factor(task: [Double], distillation: [Double], ratio: Double = 1) -> Double? {
        if self == .off { return 1 }
        guard !task.isEmpty, task.count == distillation.count else { return nil }
        let (total, other) = (task.reduce(0, +), distillation.reduce(0, +))
        let factor = ratio * total / other
        return other > 0 && total > 0 && factor.isFinite && factor > 0 ? factor : nil
    }

    /// The norm of all gradients of a flat buffer together, as `gradientNorm` compares them.
    package static func norm(_ gradients: [Double]) -> Double { gradients.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
