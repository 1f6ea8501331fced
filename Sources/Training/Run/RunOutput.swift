import Checkpoints
import JSON
import Reporting

/// Where a run speaks: the terminal, the log, the report. Stages of a longer run share one.
final class RunOutput {
    let console: Console
    /// Which of how many trainings is under way, where the run is one of several.
    let agenda: Agenda?
    /// Open once the run's folder is.
    var log: MetricsLog?
    var reporter: RunReporter?
    /// Called before each update with its index, for tests.
    var beforeUpdate: ((Int) throws -> Void)?
    /// Where what is known of a number that is not finite goes.
    var postMortem: String?
    /// Asks the processes of a job to stop; where there is one.
    var stopFile: StopFile?
    private var hasToldMissingThreads = false

    init(_ console: Console, agenda: Agenda? = nil) { (self.console, self.agenda) = (console, agenda) }

    /// What stands before a run's lines.
    var heading: String? { agenda?.heading }

    /// Writes an epoch down and shows it.
    /// - Parameter groups: the spread of weights and gradients, made where it is wanted.
    func add(_ line: EpochLine, groups: () -> JSONValue) throws {
        try log?.append(line.json)
        reporter?.epoch(line.json, groups: groups)
        console.line(line.text)
    }

    /// Writes down what is known of a number that is not finite; a disk that is full must not hide the reason.
    /// - Returns: the file, where it could be written.
    func write(postMortem json: JSONValue) -> String? {
        guard let path = postMortem else { return nil }
        do {
            try AtomicFile.write(path, json.text(pretty: true) + "\n")
            return path
        } catch {
            console.warning("\(error)")
            return nil
        }
    }

    /// Says once that batches are prepared by fewer threads than were asked for.
    func tell(missingThreads missing: Int, of wanted: Int) {
        guard missing > 0, !hasToldMissingThreads else { return }
        hasToldMissingThreads = true
        let found = wanted - missing
        console.notice(
            "The system grants \(found) of the \(wanted) threads of training.loaderThreads (a limit of processes), so batches "
                + "are prepared " + (found == 0 ? "between the updates." : "by fewer threads."))
    }

    /// Shows where an epoch stands.
    /// - Parameters:
    ///   - epochs: of the run itself, with so many batches and images each.
    ///   - metric: what the training step measures.
    func show(
        _ progress: RunProgress, _ place: RunPlace, _ end: EpochEnd, _ meter: RateMeter, epochs: Int, batches: Int,
        images: Int, metric: Metric?
    ) {
        let total = place.totalEpochs ?? epochs
        let left = (total - place.epochs - progress.epoch) * images - progress.sums.seen
        var report = ProgressReport(
            epoch: place.epochs + progress.epoch + 1, epochs: total, step: progress.batch, steps: batches,
            loss: progress.sums.meanLoss, measure: metric.map { ($0, progress.sums.meanMeasured) },
            imagesPerSecond: meter.perSecond, learningRate: end.learningRate, timeLeft: meter.timeLeft(for: left))
        report.heading = heading
        if metric == nil { report.terms = EpochLine.terms(progress.sums) }
        // A stage's time left is that of all stages; what other runs add counts from its own end.
        let own = (epochs - progress.epoch) * images - progress.sums.seen
        report.totalTimeLeft = meter.timeLeft(for: own).flatMap {
            agenda?.totalTimeLeft($0, share: Double(own) / Double(max(1, epochs * images)))
        }
        console.progress(report)
    }
}
