import JSON

/// Several runs beside each other: their results and the keys in which their configurations differ.
public struct RunComparison: Sendable {
    /// In the order of the columns.
    public let records: [RunRecord]
    /// Names that tell the runs apart: their folders, with as much of the path as that takes.
    public let names: [String]
    /// Runs that differ in their seed alone, put together.
    public let groups: [RunGroup]

    /// Puts runs beside each other and those of one configuration into a group.
    public init(_ records: [RunRecord]) {
        self.records = records
        let parts = records.map { record in record.path.split(separator: "/").filter { $0 != "." }.map(String.init) }
        let longest = parts.map(\.count).max() ?? 1
        var names = records.map(\.name)
        for count in 1...max(1, longest) where Set(names).count < names.count {
            names = zip(parts, records).map { $0.isEmpty ? $1.path : $0.suffix(count).joined(separator: "/") }
        }
        if Set(names).count < names.count { names = names.enumerated().map { "\($1) (\($0 + 1))" } }
        self.names = VariationNames.short(names) ?? names
        groups = RunGroup.make(records, names: self.names)
    }

    /// What all runs are measured by; nil where they have different metrics.
    public var metric: Metric? { Metric.common(records.map(\.primary)) }

    /// A key and its value in each run, nil where the run has no such key.
    public struct Difference: Sendable, Equatable {
        /// The path of the key, such as `optimizer.learningRate`.
        public let key: String
        /// In the order of the runs.
        public let values: [String?]
    }

    /// The keys whose values are not the same in all runs, in the order of the configuration. A key that some runs do not
    /// have counts only where another run gives it a value of its own.
    public var differences: [Difference] {
        var keys: [String] = []
        var given: Set<String> = []
        let all = records.map { record -> [String: String] in
            var values: [String: String] = [:]
            for entry in record.run?["configuration"]?.arrayValue ?? [] {
                guard let path = entry["path"]?.stringValue, let value = entry["value"]?.stringValue else { continue }
                values[path] = value
                if entry["isDefault"]?.boolValue != true { given.insert(path) }
                if !keys.contains(path) { keys.append(path) }
            }
            return values
        }
        return keys.compactMap { key in
            let values = all.map { $0[key] }
            let isKnown = !values.contains(nil) || given.contains(key)
            return isKnown && Set(values).count > 1 ? Difference(key: key, values: values) : nil
        }
    }

    /// Runs, groups, verdict and differences, as `trainer report --json` prints them.
    public var json: JSONValue {
        let runs = zip(names, records).map { name, record -> JSONValue in
            var json: JSONValue = [
                "name": .string(name), "path": .string(record.path), "finished": .bool(record.isFinished),
                "epochs": .integer(record.epochs.count),
                record.primary.key("bestValidation"): record.bestEpochScore.map { .number($0) } ?? .null,
                "part": .string(record.resultPart.rawValue),
                "parameters": record.run?["model"]?["parameters"] ?? .null, "summary": record.summary ?? .null,
            ]
            if record.primary != .accuracy { json["metric"] = record.primary.json }
            return json
        }
        let verdict = verdict
        return [
            "runs": .array(runs), "verdict": .string(verdict.sentence()),
            "best": verdict.winner.map { .string(groups[$0].name) } ?? .null,
            "dataDifferences": .array(dataDifferences.map { .string($0) }),
            "groups": .array(
                zip(groups, verdict.candidates).map { group, candidate in
                    let spread = Spread(candidate.values)
                    let key = records[group.indices[0]].primary.key("bestValidation")
                    return [
                        "name": .string(group.name), "runs": .array(group.indices.map { .string(names[$0]) }),
                        key: spread.map {
                            ["mean": .number($0.mean), "deviation": .number($0.deviation)]
                        } ?? .null,
                    ]
                }),
            "differences": .array(
                differences.map { difference in
                    [
                        "key": .string(difference.key),
                        "values": .array(difference.values.map { $0.map { .string($0) } ?? .null }),
                    ]
                }),
        ]
    }
}
