import JSON
import Reporting

// A sweep's results for people and for programs.
extension SweepResult {
    private static func count(_ mean: Double) -> String {
        mean < 100 ? NumberText.fixed(mean, decimals: 1) : NumberText.grouped(Int(bounded: mean.rounded()))
    }

    /// What an update takes, evaluations left out.
    static let step = "millisecondsPerStep"

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

    /// How much each key matters: of results after the epochs of the first rung where there is one, which all runs have seen.
    package var importance: [KeyImportance] {
        KeyImportance.all(
            keys,
            runs.compactMap { run in
                let value =
                    rungs.isEmpty ? run.summary?[metric.key("bestValidation")]?.doubleValue : run.atRungs.first
                return value.map { (run.arm.values, $0) }
            })
    }

    package var table: String {
        let isTested = runs.contains { $0.summary?[metric.key("test")]?.doubleValue != nil }
        func text(_ mean: Double, _ deviation: Double) -> String {
            "\(metric.text(mean)) ± \(metric.spreadText(deviation))"
        }
        func share(_ group: Group, _ key: String) -> String { group.statistics(key).map(text) ?? "-" }
        /// A configuration that was stopped has the best of its epochs.
        func best(_ group: Group) -> String {
            let stopped = Spread(group.stopped.compactMap(\.bestSoFar))
            return group.statistics(metric.key("bestValidation")).map(text)
                ?? stopped.map { text($0.mean, $0.deviation) } ?? "-"
        }
        // Data without a test part has results of validation alone.
        let part = isTested ? "test" : "validation"
        let isStopped = runs.contains { $0.stoppedAfter != nil }
        var columns = groupKeys.map { Table.Column($0, .right) } + ["runs"]
        if isStopped { columns.append(Table.Column("epochs", .right)) }
        columns.append(Table.Column("validation, best", .right))
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
                    group.values.map { $0.isEmpty ? "-" : $0 } + [
                        "\(group.runs.count - failed)" + (failed > 0 ? " (\(failed) failed)" : "")
                    ]
                if isStopped { row.append(group.epochs) }
                row += [best(group), share(group, metric.key(part))]
                if isTested { row.append(share(group, metric.key("bestTest"))) }
                row.append(loss ?? "-")
                row.append(group.statistics("seconds").map { NumberText.fixed($0.mean, decimals: 1) } ?? "-")
                return row + costs.map { group.statistics($0.key).map { Self.count($0.mean) } ?? "-" }
            }
        ).render()
        let verdict = verdict
        if groups.count > 1, runs.contains(where: { $0.failure == nil }) {
            if let winner = verdict.winner { text += "best by validation: \(name(groups[winner]))\n" }
            text += (leader.map(sentence) ?? verdict.sentence()) + "\n"
        }
        let importance = importance
        if !importance.isEmpty {
            text += "share of the spread of validation\(rungs.first.map { " after epoch \($0.epoch)" } ?? ""): "
            text += KeyImportance.text(importance) + "\n"
        }
        return text
    }

    private func sentence(_ leader: (group: Group, value: Double)) -> String {
        "No run is finished; so far \(name(leader.group)) is ahead by validation: \(metric.text(leader.value))."
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
        var json: JSONValue = [
            "planned": .integer(arms.count), "verdict": .string(verdict.sentence()),
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
                    var entry: JSONValue = [
                        "values": values(keys, run.arm.values), "folder": .string(run.folder),
                        "summary": run.summary ?? .null, "failure": run.failure.map { .string($0) } ?? .null,
                    ]
                    if let epoch = run.stoppedAfter { entry["stoppedAfter"] = .integer(epoch) }
                    if let best = run.bestSoFar { entry["bestSoFar"] = .number(best) }
                    if !run.atRungs.isEmpty { entry["atRungs"] = .array(run.atRungs.map { .number($0) }) }
                    return entry
                }),
        ]
        if !rungs.isEmpty {
            json["metric"] = metric.json
            json["rungs"] = .array(rungs.map(\.json))
        }
        return json
    }
}

extension SweepResult.Rung {
    fileprivate var json: JSONValue {
        [
            "epoch": .integer(epoch), "scores": .array(scores.map { .optional($0) }),
            "survivors": .array(survivors.map { .integer($0) }),
        ]
    }
}

extension SweepResult.Group {
    /// How many epochs its runs have behind them, where they were stopped or are finished.
    fileprivate var epochs: String {
        let found = runs.compactMap { $0.stoppedAfter ?? $0.summary?["epochs"]?.integerValue }
        guard let least = found.min(), let most = found.max() else { return "-" }
        return least == most ? "\(least)" : "\(least) to \(most)"
    }
}
