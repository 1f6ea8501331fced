import Checkpoints
import JSON
import Reporting
import RunLayout
import Tasks
import Tensors

/// A sweep under way: from rung to rung, in each of them one arm after the other.
struct SweepWork {
    private let sweep: Sweep
    private let console: Console
    /// The summaries of arms that are finished.
    private var done: [JSONValue?]
    /// When the time is up, on the monotonic clock.
    private let deadline: Double?
    private(set) var result: SweepResult
    private var metric: Metric?
    /// Whether this call has trained anything. It makes an update at least, so that calls of any length come to an end.
    private var hasTrained = false

    init(_ sweep: Sweep, _ console: Console, done: [JSONValue?], deadline: Double?) {
        (self.sweep, self.console, self.done, self.deadline) = (sweep, console, done, deadline)
        result = SweepResult(sweep.plan)
    }

    private var plan: SweepPlan { sweep.plan }
    private var isOutOfTime: Bool { hasTrained && deadline.map { MonotonicClock.seconds() >= $0 } ?? false }

    /// - Parameter each: called with the result so far after each arm.
    mutating func run(_ each: (SweepResult) throws -> Void) throws {
        let rungs = sweep.halving?.rungs ?? []
        var configurations = plan.configurations
        for place in 0...rungs.count {
            let epoch = place < rungs.count ? rungs[place] : nil
            let arms = configurations.joined().sorted()
            if sweep.halving != nil { console.line(heading(place, rungs, arms.count)) }
            guard try train(arms, to: epoch, each) else {
                result.isOutOfTime = true
                return
            }
            guard let epoch, let halving = sweep.halving else { return }
            let metric = try choosingMetric()
            let scores = try configurations.map { try score($0, after: epoch, metric) }
            guard scores.contains(where: { $0 != nil }) else { return }
            let survivors = halving.survivors(scores, metric)
            result.add(.init(epoch: epoch, scores: scores, survivors: survivors))
            configurations = survivors.map { configurations[$0] }
            console.line("after epoch \(epoch) \(survivors.count) of \(scores.count) configurations go on")
        }
    }

    private func heading(_ place: Int, _ rungs: [Int], _ count: Int) -> String {
        let runs = "\(count) \(count == 1 ? "run" : "runs")"
        return place < rungs.count
            ? "rung \(place + 1)/\(rungs.count): \(runs) to epoch \(rungs[place])" : "to the end: \(runs)"
    }

    /// - Returns: false where the time is up before all are done.
    private mutating func train(
        _ arms: [Int], to epoch: Int?, _ each: (SweepResult) throws -> Void
    ) throws -> Bool {
        let reached = arms.map { epoch == nil ? 0 : self.epoch(of: $0) }
        func isThere(_ place: Int) -> Bool { done[arms[place]] != nil || epoch.map { reached[place] >= $0 } ?? false }
        let agenda = Agenda(arms.indices.map { .init(name: "", work: isThere($0) ? 0 : 1) })
        for (place, index) in arms.enumerated() {
            defer { agenda.next() }
            guard !isOutOfTime else { return false }
            console.line("arm \(index + 1)/\(plan.arms.count): \(plan.arms[index].name)")
            if let summary = done[index] {
                console.line("finished already")
                add(index, summary)
                continue
            }
            if let epoch, reached[place] >= epoch {
                console.line("at epoch \(epoch) already")
                try pause(index, after: epoch)
                continue
            }
            let isInTime = try train(index, to: epoch, agenda)
            hasTrained = true
            try each(result)
            if !isInTime { return false }
        }
        return true
    }

    /// Trains an arm to an epoch, or to its end.
    /// - Returns: false where the time was up before.
    private mutating func train(_ index: Int, to epoch: Int?, _ agenda: Agenda) throws -> Bool {
        let folder = folder(index)
        do {
            Memory.forgetPeak()
            let run = try sweep.recipes[index].makeRun(
                resuming: folder, console: console, agenda: agenda, limit: RunLimit(epochs: epoch, deadline: deadline))
            metric = run.choosingMetric
            let directory = try RunDirectory(folder, mode: .resume)
            let summary = try run.run(in: directory, resuming: !directory.isFresh).json
            done[index] = summary
            add(index, summary)
        } catch let pause as Paused {
            try self.pause(index, after: self.epoch(of: index))
            return pause == .atRung
        } catch let error where error is NonFiniteError || error is RecipeError {
            console.finish()
            console.warning("\(plan.arms[index].name) failed: \(error)")
            result.fail(index, folder: folder, "\(error)")
        }
        return true
    }

    private mutating func pause(_ index: Int, after epoch: Int) throws {
        let metric = try choosingMetric()
        result.pause(index, folder: folder(index), after: epoch, best: best(index, after: epoch, metric), metric)
    }

    private mutating func add(_ index: Int, _ summary: JSONValue) {
        result.add(
            index, folder: folder(index), summary, batchSize: sweep.recipes[index].training.batchSize)
    }

    private func folder(_ index: Int) -> String { sweep.folder(plan.arms[index]) }

    /// The metric that chooses; asked of a run where all of them were at the rung already.
    private mutating func choosingMetric() throws -> Metric {
        if let metric { return metric }
        let found =
            try done.lazy.compactMap { $0 }.first.map { Metric.primary(of: $0) }
            ?? sweep.recipes[0].makeRun(console: console, agenda: nil, limit: nil).choosingMetric
        metric = found
        return found
    }

    /// Finished epochs of an arm.
    private func epoch(of index: Int) -> Int {
        var states = StateStore(directory: folder(index) + "/" + RunFiles.state)
        let saved = try? states.load()
        return saved?.info["progress"].flatMap { RunProgress($0) }?.epoch ?? 0
    }

    /// The best validation of an arm up to an epoch; nil where it has none.
    private func best(_ index: Int, after epoch: Int, _ metric: Metric) -> Double? {
        guard let record = try? RunRecord(folder: folder(index), withSnapshots: false) else { return nil }
        return metric.best(
            record.epochs.filter { ($0["epoch"]?.integerValue ?? .max) <= epoch }.compactMap {
                $0[metric.key("validation")]?.doubleValue
            })
    }

    /// The mean over the seeds of a configuration of its best validation up to an epoch; nil where a run has none.
    private mutating func score(_ arms: [Int], after epoch: Int, _ metric: Metric) throws -> Double? {
        let values = arms.map { index -> Double? in
            result.hasFailed(index) ? nil : best(index, after: epoch, metric)
        }
        for (index, value) in zip(arms, values) { result.note(index, value) }
        let known = values.compactMap { $0 }
        return known.count == arms.count ? known.reduce(0, +) / Double(known.count) : nil
    }
}
