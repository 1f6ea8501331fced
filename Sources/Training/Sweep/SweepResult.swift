import JSON
import Reporting
import Tensors

/// What the arms of a sweep came to, `sweep.json`.
package struct SweepResult: Sendable {
    package struct Run: Sendable {
        package let arm: SweepPlan.Arm
        package let folder: String
        /// What `summary.json` holds; nil for a run that failed or was stopped.
        package internal(set) var summary: JSONValue?
        package internal(set) var failure: String?
        /// The epochs of a run that was stopped before its end.
        package internal(set) var stoppedAfter: Int?
        /// Of a run that was stopped: the best validation of the epochs behind it.
        package internal(set) var bestSoFar: Double?
        /// The best validation up to each rung that the run has reached.
        package internal(set) var atRungs: [Double] = []
        /// What the run was measured on, where it left a description of itself.
        package internal(set) var data: MeasuredData?

        init(_ arm: SweepPlan.Arm, folder: String) { (self.arm, self.folder) = (arm, folder) }
    }

    /// What was decided after the epochs of a rung.
    package struct Rung: Sendable, Equatable {
        package let epoch: Int
        /// Of the configurations that were there, in the order of the plan; nil for one that failed.
        package let scores: [Double?]
        /// The positions of those that went on.
        package let survivors: [Int]
    }

    /// Arms that differ in nothing but their seed.
    package struct Group: Sendable {
        /// One value for each varied key but the seed.
        package let values: [String]
        package var runs: [Run] = []

        /// Mean and sample standard deviation over the runs that were finished; nil where none has the value.
        package func statistics(_ key: String) -> (mean: Double, deviation: Double)? {
            Spread(runs.compactMap { $0.summary?[key]?.doubleValue }).map { ($0.mean, $0.deviation) }
        }

        package var failures: [Run] { runs.filter { $0.failure != nil } }
        /// Those that were stopped before their end.
        package var stopped: [Run] { runs.filter { $0.stoppedAfter != nil } }
    }

    let keys: [String]
    let arms: [SweepPlan.Arm]
    private var found: [Int: Run] = [:]
    /// In their order; empty where runs are not stopped.
    package private(set) var rungs: [Rung] = []
    private var stoppedMetric: Metric?
    /// Whether the time was up before all was done.
    package internal(set) var isOutOfTime = false

    init(_ plan: SweepPlan) { (keys, arms) = (plan.variations.map(\.key), plan.arms) }

    /// What is known so far, in the order of the plan.
    package var runs: [Run] { arms.indices.compactMap { found[$0] } }

    private mutating func set(_ index: Int, folder: String, _ change: (inout Run) -> Void) {
        var run = found[index] ?? Run(arms[index], folder: folder)
        (run.summary, run.failure, run.stoppedAfter, run.bestSoFar) = (nil, nil, nil, nil)
        change(&run)
        found[index] = run
    }

    /// - Parameter batchSize: images of an update.
    mutating func add(_ index: Int, folder: String, _ summary: JSONValue, batchSize: Int) {
        var summary = summary
        if let rate = summary["imagesPerSecond"]?.doubleValue, rate > 0 {
            summary[Self.step] = .rounded(1000 * Double(batchSize) / rate, decimals: 3)
        }
        set(index, folder: folder) { ($0.summary, $0.data) = (summary, MeasuredData(folder: folder)) }
    }

    mutating func fail(_ index: Int, folder: String, _ failure: String) {
        set(index, folder: folder) { $0.failure = failure }
    }

    /// A run that was stopped, and may go on; `best` is its best validation so far.
    mutating func pause(_ index: Int, folder: String, after epoch: Int, best: Double?, _ metric: Metric) {
        set(index, folder: folder) {
            ($0.stoppedAfter, $0.bestSoFar, $0.data) = (epoch, best, MeasuredData(folder: folder))
        }
        stoppedMetric = metric
    }

    /// Keeps a run's best validation up to a rung.
    mutating func note(_ index: Int, _ value: Double?) {
        if let value { found[index]?.atRungs.append(value) }
    }

    func hasFailed(_ index: Int) -> Bool { found[index]?.failure != nil }

    mutating func add(_ rung: Rung) { rungs.append(rung) }

    /// What the runs are compared by.
    var metric: Metric { stoppedMetric ?? Metric.primary(of: runs.lazy.compactMap(\.summary).first) }

    /// The keys that make a difference beside the seed.
    package var groupKeys: [String] { keys.filter { !SweepRecord.repeats($0) } }

    /// In the order of the plan.
    package var groups: [Group] {
        var groups: [Group] = []
        for run in runs {
            let values = zip(keys, run.arm.values).filter { !SweepRecord.repeats($0.0) }.map(\.1)
            if let index = groups.firstIndex(where: { $0.values == values }) {
                groups[index].runs.append(run)
            } else {
                groups.append(Group(values: values, runs: [run]))
            }
        }
        return groups
    }

    /// The best group by validation, as far as the number of images and the spread of the seeds let one say so. A group
    /// with a failed run is no candidate, and the test set does not choose.
    package var verdict: Verdict {
        SweepVerdict.make(
            keys: keys,
            groups: groups.map { group in
                SweepVerdict.Group(
                    name: name(group),
                    values: group.failures.isEmpty
                        ? group.runs.compactMap { $0.summary?[metric.key("bestValidation")]?.doubleValue } : [])
            }, data: runs.compactMap(\.data), metrics: [metric])
    }

    /// Where no run is finished: the group that leads by the best validation so far, and that value.
    var leader: (group: Group, value: Double)? {
        guard !runs.contains(where: { $0.summary != nil }) else { return nil }
        let known = groups.filter(\.failures.isEmpty).compactMap { group in
            Spread(group.runs.compactMap(\.bestSoFar)).map { (group, $0.mean) }
        }
        guard let first = known.first else { return nil }
        return known.dropFirst().reduce(first) { metric.lead(of: $1.1, over: $0.1) > 0 ? $1 : $0 }
    }

    func name(_ group: Group) -> String {
        let parts = zip(groupKeys, group.values).filter { !$0.1.isEmpty }.map { "\($0)=\($1)" }
        return parts.isEmpty ? "the run" : parts.joined(separator: " ")
    }

    /// The group that is better than all others by more than the error; nil where none is.
    package var best: Group? { verdict.winner.map { groups[$0] } }
}
