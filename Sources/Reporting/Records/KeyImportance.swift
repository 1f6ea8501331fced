import Foundation

/// How much of the spread of a sweep's results each varied key accounts for by itself.
///
/// It is the main effect of a key in the functional analysis of variance (Hutter, Hoos and Leyton-Brown, ICML 2014): the
/// variance of the mean result at each of its values as a share of all variance. They fit a random forest to the results first;
/// here the runs themselves are grouped by the key's values, and the share is Kelley's ε² (PNAS 1935), from which what grouping by
/// chance would give is taken off. What is left over belongs to keys that act together, to seeds and to chance.
public struct KeyImportance: Sendable, Equatable {
    /// A value of a key, or a range of its values.
    public struct Level: Sendable, Equatable {
        /// The value, or the first and last one of a range.
        public let name: String
        /// How many runs have it.
        public let runs: Int
        /// The mean of their results.
        public let mean: Double
    }

    /// The key.
    public let key: String
    /// From 0 for none to 1 for all of the variance.
    public let share: Double
    /// Numbers in ascending order, else as they come.
    public let levels: [Level]

    /// Fewer runs tell too little.
    static let fewestRuns = 6
    /// More distinct values than these are put together to ranges.
    private static let mostLevels = 8

    /// The keys of which something can be said, those that matter most first. Keys that only repeat a configuration (seeds, folds)
    /// are none of them: what they account for is chance.
    /// - Parameter runs: the values of each run, empty where a key does not count in it, and its result.
    public static func all(_ keys: [String], _ runs: [(values: [String], result: Double)]) -> [KeyImportance] {
        let found = keys.enumerated().compactMap { index, key in
            SweepRecord.repeats(key)
                ? nil
                : KeyImportance(
                    key, runs.filter { !$0.values[index].isEmpty }.map { ($0.values[index], $0.result) })
        }
        return found.enumerated().sorted { ($1.element.share, $0.offset) < ($0.element.share, $1.offset) }.map(
            \.element)
    }

    private init?(_ key: String, _ runs: [(value: String, result: Double)]) {
        let groups = Self.groups(runs)
        let count = runs.count
        guard count >= Self.fewestRuns, groups.count > 1, count >= groups.count + 2 else { return nil }
        let mean = runs.reduce(0) { $0 + $1.result } / Double(count)
        let total = runs.reduce(0) { $0 + ($1.result - mean) * ($1.result - mean) }
        guard total > 0 else { return nil }
        levels = groups.map { group in
            Level(
                name: group.name, runs: group.results.count,
                mean: group.results.reduce(0, +) / Double(group.results.count))
        }
        let between = levels.reduce(0) { $0 + Double($1.runs) * ($1.mean - mean) * ($1.mean - mean) }
        let chance = (total - between) / Double(count - groups.count) * Double(groups.count - 1)
        self.key = key
        share = min(1, max(0, (between - chance) / total))
    }

    private static func groups(_ runs: [(value: String, result: Double)]) -> [(name: String, results: [Double])] {
        var names: [String] = []
        for run in runs where !names.contains(run.value) { names.append(run.value) }
        let numbers = names.compactMap { Double($0) }
        let isNumeric = numbers.count == names.count
        if names.count <= mostLevels, 2 * names.count <= runs.count {
            if isNumeric { names = zip(numbers, names).sorted { $0.0 < $1.0 }.map(\.1) }
            return names.map { name in (name, runs.filter { $0.value == name }.map(\.result)) }
        }
        guard isNumeric else { return [] }
        // Ranges with as many runs each, four at most.
        let sorted = runs.compactMap { run in Double(run.value).map { ($0, run) } }.enumerated()
            .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element.1)
        let count = min(4, max(2, runs.count / 4))
        return (0..<count).map { place in
            let part = sorted[place * sorted.count / count..<(place + 1) * sorted.count / count]
            return ("\(part.first?.value ?? "") to \(part.last?.value ?? "")", part.map(\.result))
        }
    }

    /// All keys in a line: `learningRate 61%, mixup 8%`.
    package static func text(_ all: [KeyImportance]) -> String {
        all.map { "\($0.key) \(NumberText.percentage($0.share, decimals: 0))" }.joined(separator: ", ")
    }
}
