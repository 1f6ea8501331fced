import Reporting
import Tensors

/// When a run saves within an epoch.
package struct PeriodicSave {
    private let updates: Int
    private let minutes: Double
    private var last = MonotonicClock.seconds()

    package init(_ training: TrainingSection) {
        (updates, minutes) = (training.saveEveryUpdates, training.saveEveryMinutes)
    }

    /// - Parameter update: how many are done.
    package func isDue(_ update: Int, now: Double) -> Bool {
        (updates > 0 && update % updates == 0) || (minutes > 0 && now - last > minutes * 60)
    }

    package mutating func hasSaved() { last = MonotonicClock.seconds() }
}
