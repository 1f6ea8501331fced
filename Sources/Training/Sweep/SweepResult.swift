import Reporting
import Tensors

/// What the arms of a sweep came to, `sweep.json`.
public struct SweepResult: Sendable {
    public struct Run: Sendable {
        public let arm: SweepPlan.Arm
        public let folder: String
        /// What `summary.json` holds; nil for a run that failed.
        public let summary: JSONValue?
        public let failure: String?
    }

    /// Arms that differ in nothing but their seed.
    public struct Group: Sendable {
        /// One value for each varied key but the seed.
        public let values: [String]
        public var runs: [Run] = []

        /// Mean and sample standard deviation over the runs that were finished; nil where none has the value.
        public func statistics(_ key: String) -> (mean: Double, deviation: Double)? {
            let values = runs.compactMap { $0.summary?[key]?.doubleValue }
            guard !values.isEmpty else { return nil }
            let mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (mean, values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0)
        }

        public var failures: [Run] { runs.filter { $0.failure != nil } }
    }

    private static let seedKey = "run.seed"
    private let keys: [String]
    public private(set) var runs: [Run] = []

    init(_ plan: SweepPlan) { keys = plan.variations.map(\.key) }

    mutating func add(_ arm: SweepPlan.Arm, folder: String, _ summary: JSONValue) {
        runs.append(Run(arm: arm, folder: folder, summary: summary, failure: nil))
    }

    mutating func fail(_ arm: SweepPlan.Arm, folder: String, _ failure: String) {
        runs.append(Run(arm: arm, folder: folder, summary: nil, failure: failure))
    }

    /// The keys that make a difference beside the seed.
    public var groupKeys: [String] { keys.filter { $0 != Self.seedKey } }

    /// In the order of the plan.
    public var groups: [Group] {
        var groups: [Group] = []
        for run in runs {
            let values = zip(keys, run.arm.values).filter { $0.0 != Self.seedKey }.map(\.1)
            if let index = groups.firstIndex(where: { $0.values == values }) {
                groups[index].runs.append(run)
            } else {
                groups.append(Group(values: values, runs: [run]))
            }
        }
        return groups
    }

    /// The group with the best mean validation accuracy, nil where nothing was validated. A group with a failed run is
    /// no candidate, and the test set does not choose.
    public var best: Group? {
        let candidates = groups.filter { $0.failures.isEmpty && $0.statistics("bestValidationAccuracy") != nil }
        func score(_ group: Group) -> Double { group.statistics("bestValidationAccuracy")?.mean ?? 0 }
        return candidates.count > 1 ? candidates.max { score($0) < score($1) } : nil
    }

    public var table: String {
        func share(_ group: Group, _ key: String) -> String {
            guard let (mean, deviation) = group.statistics(key) else { return "-" }
            return "\(NumberText.percentage(mean)) ± \(NumberText.fixed(100 * deviation, decimals: 2))"
        }
        // Data without a test part has results of validation alone.
        let hasTest = groups.allSatisfy {
            $0.statistics("testAccuracy") != nil || $0.statistics("validationAccuracy") == nil
        }
        let part = hasTest ? "test" : "validation"
        let last = "\(part)Accuracy"
        var columns = groupKeys.map { Table.Column($0, .right) }
        columns += ["runs", Table.Column("validation, best", .right), Table.Column("\(part), last epoch", .right)]
        if hasTest { columns.append(Table.Column("test, best epoch", .right)) }
        columns += [Table.Column("\(part) loss", .right), "seconds"]
        var text = Table(
            columns: columns,
            rows: groups.map { group in
                let loss = group.statistics("\(part)Loss").map {
                    "\(NumberText.fixed($0.mean, decimals: 4)) ± \(NumberText.fixed($0.deviation, decimals: 4))"
                }
                let failed = group.failures.count
                var row =
                    group.values + ["\(group.runs.count - failed)" + (failed > 0 ? " (\(failed) failed)" : "")]
                row += [share(group, "bestValidationAccuracy"), share(group, last)]
                if hasTest { row.append(share(group, "bestTestAccuracy")) }
                return row + [
                    loss ?? "-", group.statistics("seconds").map { NumberText.fixed($0.mean, decimals: 1) } ?? "-",
                ]
            }
        ).render()
        if let best, !groupKeys.isEmpty {
            let values = zip(groupKeys, best.values).map { "\($0)=\($1)" }.joined(separator: " ")
            text += "best by validation: \(values)\n"
        }
        return text
    }

    public var json: JSONValue {
        let statistics = [
            "bestValidationAccuracy", "testAccuracy", "bestTestAccuracy", "testLoss", "validationAccuracy",
            "validationLoss",
            "seconds",
        ]
        func values(_ keys: [String], _ values: [String]) -> JSONValue {
            .object(zip(keys, values).map { .init($0, .string($1)) })
        }
        return [
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
