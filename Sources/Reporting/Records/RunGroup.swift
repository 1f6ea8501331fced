/// Runs that differ in nothing but their seed.
public struct RunGroup: Sendable, Equatable {
    /// What the folders of its runs have in common, or the keys that tell it from other groups.
    public let name: String
    /// Positions of the runs in the comparison.
    public let indices: [Int]
}

extension RunGroup {
    /// In the order of the first run of each. Runs of the same seed are not put together: one is a copy of the other.
    static func make(_ records: [RunRecord], names: [String]) -> [RunGroup] {
        var keys: [String] = []
        var members: [[Int]] = []
        for (index, record) in records.enumerated() {
            let key = identity(record) ?? "folder \(index)"
            let place = keys.indices.first { place in
                keys[place] == key && !members[place].contains { records[$0].seed == record.seed }
            }
            if let place {
                members[place].append(index)
            } else {
                keys.append(key)
                members.append([index])
            }
        }
        return zip(groupNames(members, names), members).map { RunGroup(name: $0, indices: $1) }
    }

    /// All that a run's results depend on beside its seed; nil where the run did not write it down.
    private static func identity(_ record: RunRecord) -> String? {
        guard let run = record.run, let entries = run["configuration"]?.arrayValue, !entries.isEmpty else { return nil }
        let kept = entries.filter { !["run.seed", "run.output"].contains($0["path"]?.stringValue ?? "") }
        let values = kept.map { "\($0["path"]?.stringValue ?? "")=\($0["value"]?.stringValue ?? "")" }
        let rest = [run["kind"], run["arm"], run["order"]].map { $0?.text() ?? "" }
        return (rest + values.sorted()).joined(separator: "\n")
    }

    private static func groupNames(_ members: [[Int]], _ names: [String]) -> [String] {
        let found = members.map { group -> String in
            let own = group.map { names[$0] }
            guard own.count > 1 else { return own[0] }
            let parts = own.map { $0.components(",").map { String($0.drop { $0 == " " }) } }
            let shared = parts[0].filter { part in part.contains("=") && parts.allSatisfy { $0.contains(part) } }
            if !shared.isEmpty { return shared.joined(separator: ", ") }
            let prefix = own.dropFirst().reduce(Substring(own[0])) { $0.commonPrefix(with: $1) }
            let cut = trimmed(prefix)
            if !cut.isEmpty { return cut }
            return members.count == 1 ? "\(own.count) runs" : "\(own[0]) and \(own.count - 1) more"
        }
        // Names that do not tell groups apart are no names.
        return Set(found).count == found.count ? found : members.map { names[$0[0]] }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let last = text.last, "-_.,/= (".contains(last) { text.removeLast() }
        // As in `digits-seed-0` and `digits-s0`.
        for word in ["seed", "-s", "_s"] where text.hasSuffix(word) {
            text = text.dropLast(word.count)
            while let last = text.last, "-_.,/= (".contains(last) { text.removeLast() }
        }
        return String(text)
    }
}
