import JSON
import Reporting
import Tensors

/// What the arms of a sweep came to, `sweep.json`.
package struct SweepResult: Sendable {
    package struct Run: Sendable {
        package let arm: SweepPlan.Arm
        package let folder: String
        /// What `summary.json` holds; nil for a run that failed.
        package let summary: JSONValue?
        package let failure: String?
        /// What the run was measured on, where it left a description of itself.
        package let data: MeasuredData?
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
    }

    private let keys: [String]
    private let planned: Int
    package private(set) var runs: [Run] = []

    init(_ plan: SweepPlan) { (keys, planned) = (plan.variations.map(\.key), plan.arms.count) }

    /// - Parameter batchSize: images of an update.
    mutating func add(_ arm: SweepPlan.Arm, folder: String, _ summary: JSONValue, batchSize: Int) {
        var summary = summary
        if let rate = summary["imagesPerSecond"]?.doubleValue, rate > 0 {
            summary[Self.step] = .rounded(1000 * Double(batchSize) / rate, decimals: 3)
        }
        runs.append(
            Run(arm: arm, folder: folder, summary: summary, failure: nil, data: MeasuredData(folder: folder)))
    }

    mutating func fail(_ arm: SweepPlan.Arm, folder: String, _ failure: String) {
        runs.append(Run(arm: arm, folder: folder, summary: nil, failure: failure, data: nil))
    }

    /// What the runs are compared by.
    private var metric: Metric { Metric.primary(of: runs.lazy.compactMap(\.summary).first) }

    /// The keys that make a difference beside the seed.
    package var groupKeys: [String] { keys.filter { $0 != SweepRecord.seedKey } }

    /// In the order of the plan.
    package var groups: [Group] {
        var groups: [Group] = []
        for run in runs {
            let values = zip(keys, run.arm.values).filter { $0.0 != SweepRecord.seedKey }.map(\.1)
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

    private func name(_ group: Group) -> String {
        groupKeys.isEmpty ? "the run" : zip(groupKeys, group.values).map { "\($0)=\($1)" }.joined(separator: " ")
    }

    /// The group that is better than all others by more than the error; nil where none is.
    package var best: Group? { verdict.winner.map { groups[$0] } }

    private static func count(_ mean: Double) -> String {
        mean < 100 ? NumberText.fixed(mean, decimals: 1) : NumberText.grouped(Int(bounded: mean.rounded()))
    }

    /// What an update takes, evaluations left out.
    private static let step = "millisecondsPerStep"

    /// What the runs cost, where the variations make a difference to it.
    private var costs: [(key: String, title: String)] {
        let groups = groups
        func differs(_ key: String) -> Bool {
            Set(groups.compactMap { $0.statistics(key)?.mean }).count > 1
        }
        guard differs("parameters") || differs("multiplyAdds") else { return [] }
        return [
            ("parameters", "parameters"), ("multiplyAdds", "multiply-adds"), (Self.step, "ms per step"),
            ("peakMemoryMB", "MB"),
        ]
    }

    package var table: String {
        let isTested = runs.contains { $0.summary?[metric.key("test")]?.doubleValue != nil }
        func share(_ group: Group, _ key: String) -> String {
            guard let (mean, deviation) = group.statistics(key) else { return "-" }
            return "\(metric.text(mean)) ± \(metric.spreadText(deviation))"
        }
        // Data without a test part has results of validation alone.
        let part = isTested ? "test" : "validation"
        var columns: [Table.Column] =
            groupKeys.map { Table.Column($0, .right) } + ["runs", Table.Column("validation, best", .right)]
        columns.append(Table.Column("\(part), last epoch", .right))
        if isTested { columns.append(Table.Column("test, best epoch", .right)) }
        columns.append(Table.Column("\(part) loss", .right))
        let costs = costs
        var text = Table(
            columns: columns + ["seconds"] + costs.map { Table.Column($0.title, .right) },
            rows: groups.map { group in
                let failed = group.failures.count
                let loss = group.statistics("\(part)Loss").map {
                    "\(NumberText.fixed($0.mean, decimals: 4)) ± \(NumberText.fixed($0.deviation, decimals: 4))"
                }
                var row =
                    group.values + [
                        "\(group.runs.count - failed)" + (failed > 0 ? " (\(failed) failed)" : ""),
                        share(group, metric.key("bestValidation")), share(group, metric.key(part)),
                    ]
                if isTested { row.append(share(group, metric.key("bestTest"))) }
                row.append(loss ?? "-")
                row.append(group.statistics("seconds").map { NumberText.fixed($0.mean, decimals: 1) } ?? "-")
                return row + costs.map { group.statistics($0.key).map { Self.count($0.mean) } ?? "-" }
            }
        ).render()
        let verdict = verdict
        if groups.count > 1, runs.contains(where: { $0.failure == nil }) {
            if let winner = verdict.winner { text += "best by validation: \(name(groups[winner]))\n" }
            text += verdict.sentence() + "\n"
        }
        return text
    }

    package var json: JSONValue {
        let statistics = [
            metric.key("bestValidation"), metric.key("test"), metric.key("bestTest"), "testLoss",
            metric.key("validation"), "validationLoss", "seconds", "parameters", "multiplyAdds", Self.step,
            "peakMemoryMB",
        ]
        func values(_ keys: [String], _ values: [String]) -> JSONValue {
            .object(zip(keys, values).map { .init($0, .string($1)) })
        }
        let verdict = verdict
        return [
            "planned": .integer(planned), "verdict": .string(verdict.sentence()),
            "highest": verdict.highest.map { values(groupKeys, groups[$0].values) } ?? .null,
            "groups": .array(
                groups.map { group in
                    var json: JSONValue = [
                        "values": values(groupKeys, group.values), "runs": .integer(group.runs.count),
                        "failed": .integer(group.failures.count),
                    ]
                    for key in statistics {
                        json[key] =
                            group.statistics(key).map {
                                ["mean": .number($0.mean), "deviation": .number($0.deviation)]
                            } ?? .null
                    }
                    return json
                }),
            "best": best.map { values(groupKeys, $0.values) } ?? .null,
            "runs": .array(
                runs.map { run in
                    [
                        "values": values(keys, run.arm.values), "folder": .string(run.folder),
                        "summary": run.summary ?? .null, "failure": run.failure.map { .string($0) } ?? .null,
                    ]
                }),
        ]
    }
}
