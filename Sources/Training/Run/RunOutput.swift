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
    /// Where what is known of a number that is not finite goes.
    var postMortem: String?
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
    ///   - own: images that the run itself has left, of how many.
    func show(_ report: ProgressReport, _ meter: RateMeter, left own: Int, of all: Int) {
        var report = report
        report.heading = heading
        // A stage's time left is that of all stages; what other runs add counts from its own end.
        report.totalTimeLeft = meter.timeLeft(for: own).flatMap {
            agenda?.totalTimeLeft($0, share: Double(own) / Double(max(1, all)))
        }
        console.progress(report)
    }
}
