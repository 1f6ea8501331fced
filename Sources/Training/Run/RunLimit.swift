import Reporting
import Tensors

/// Where a run pauses before its end. It is saved there, and goes on to the same bytes as a run that never paused.
struct RunLimit: Sendable {
    /// Finished epochs; nil for all.
    var epochs: Int?
    /// On the monotonic clock; nil for any time.
    var deadline: Double?

    /// Why a run pauses that has come so far, or nil.
    func reason(_ progress: RunProgress) -> Paused? {
        if let epochs, progress.batch == 0, progress.epoch >= epochs { return .atRung }
        return isOver ? .outOfTime : nil
    }

    /// Whether the time is up.
    var isOver: Bool { deadline.map { MonotonicClock.seconds() >= $0 } ?? false }
}

/// A run paused; everything up to its last update is saved.
enum Paused: Error, Equatable {
    case atRung
    case outOfTime
}

/// A run that may pause, and says what chooses.
protocol PausingRun: RecipeRun {
    /// The metric whose validation chooses the best weights.
    var choosingMetric: Metric { get }
}

extension TrainingRun: PausingRun {
    var choosingMetric: Metric { step.task.metrics[0] }

    /// Pauses where the run is to; everything must be saved.
    func pauseIfDue() throws {
        guard progress.epoch < recipe.training.epochs, progress.stoppedEarly == nil,
            let reason = place.limit?.reason(progress)
        else { return }
        console.finish()
        output.reporter?.finish()
        throw reason
    }
}
