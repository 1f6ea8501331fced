import Optim
import Reporting
import Tasks

// A learning rate that falls where validation gets no better.
extension TrainingRun {
    /// The rate of the update that comes: the schedule's, lowered by what validation has said so far.
    var learningRate: Double {
        let scheduled = schedule.learningRate(at: place.scheduleUpdates + progress.update)
        return progress.plateau.lowered(scheduled, minimum: schedule.minimum)
    }

    /// Takes in the validation of an epoch.
    func observePlateau(_ scores: Scores) {
        guard recipe.schedule.kind == .plateau else { return }
        let before = learningRate
        let metric = step.task.metrics[0]
        guard
            recipe.schedule.plateau.observe(
                scores.primary, isHigherBetter: metric.isHigherBetter, &progress.plateau)
        else { return }
        let after = learningRate
        guard after < before else { return }
        console.notice(
            "the learning rate falls to \(NumberText.scientific(after, decimals: 2)), as the validation \(metric.title) was no "
                + "better than \(metric.text(progress.plateau.best ?? 0)) for \(recipe.schedule.plateau.patience + 1) epochs"
        )
    }
}
