import Foundation
import JSON
import RunLayout

/// What the folder of a sweep tells: the arms of `sweep.json` and what their runs left.
public struct SweepRecord: Sendable {
    /// One run of the plan.
    public struct Run: Sendable {
        /// One value for each key.
        public let values: [String]
        /// The name of the run's folder within the sweep's.
        public let folder: String
        /// What `summary.json` holds; nil for a run that failed or is not finished.
        public let summary: JSONValue?
        /// Why the run failed, in a sentence.
        public let failure: String?
        /// The epochs of a run that was stopped at a rung.
        public let stoppedAfter: Int?
        /// The best validation up to each rung that the run has reached.
        public let atRungs: [Double]
        /// What the run was measured on, where it left a description of itself.
        public let data: MeasuredData?
        /// Whether there is a report to link to.
        public let hasReport: Bool

        /// What the run's summary is measured by.
        public var metric: Metric { Metric.primary(of: summary) }

        /// A value of that metric.
        /// - Parameter prefix: what it is of: `bestValidation`, `test`.
        package func score(_ prefix: String) -> Double? { summary?[metric.key(prefix)]?.doubleValue }
    }

    /// Where runs were stopped: after so many epochs some configurations went on.
    public struct Rung: Sendable, Equatable {
        /// Finished epochs.
        public let epoch: Int
        /// The best validation of each configuration that was there; nil for one that failed.
        public let scores: [Double?]
        /// The positions of those that went on.
        public let survivors: [Int]

        fileprivate init?(_ json: JSONValue) {
            guard let epoch = json["epoch"]?.integerValue, let scores = json["scores"]?.arrayValue else { return nil }
            (self.epoch, self.scores) = (epoch, scores.map(\.doubleValue))
            survivors = (json["survivors"]?.arrayValue ?? []).compactMap(\.integerValue).filter(scores.indices.contains)
        }
    }

    /// Runs that differ in nothing but their seed.
    public struct Group: Sendable {
        /// One value for each key but the seed.
        public let values: [String]
        /// Positions of the runs.
        public let indices: [Int]
    }

    /// The key in which the runs of a group differ.
    public static let seedKey = "run.seed"
    /// The key of the part of the images that is tested, in which they may differ as well.
    package static let foldKey = "data.fold"

    /// Whether runs that differ in this key are of one configuration.
    package static func repeats(_ key: String) -> Bool { key == seedKey || key == foldKey }

    /// The folder.
    public let path: String
    /// The varied keys.
    public let keys: [String]
    /// In the order of the plan.
    public let runs: [Run]
    /// How many runs the sweep is to have; those that there are where it did not say.
    public let planned: Int
    /// In their order; empty where no run was stopped.
    public let rungs: [Rung]
    /// What the rungs are of.
    private let rungMetric: Metric?

    /// The last part of the folder's path.
    public var name: String { URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent }

    /// Whether a folder is a sweep's.
    public static func isOne(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + SweepFiles.results)
    }

    /// What all finished runs are measured by; nil where they have different metrics.
    public var metric: Metric? { metrics.isEmpty ? rungMetric : Metric.common(metrics) }

    private var metrics: [Metric] { runs.filter { $0.summary != nil }.map(\.metric) }

    /// Reads the folder of a sweep.
    /// - Throws: `ReportError` when it holds no `sweep.json`, or one that cannot be read.
    public init(folder path: String) throws {
        self.path = path
        guard let bytes = FileManager.default.contents(atPath: path + "/" + SweepFiles.results) else {
            throw ReportError("\(path): this is no sweep's folder, expected one with \(SweepFiles.results)")
        }
        let json: JSONValue
        do { json = try JSONValue(parsing: [UInt8](bytes)) } catch {
            throw ReportError("\(path)/\(SweepFiles.results) cannot be read: \(error)")
        }
        let entries = (json["runs"]?.arrayValue ?? []).filter { $0.objectValue != nil }
        keys = (entries.first?["values"]?.objectValue ?? []).map(\.name)
        runs = entries.map { [keys] entry in
            let folder = entry["folder"]?.stringValue?.split(separator: "/").last.map { String($0) } ?? ""
            let isSafe = !folder.isEmpty && folder != ".." && folder != "."
            let place = path + "/" + folder
            return Run(
                values: keys.map { entry["values"]?[$0]?.stringValue ?? "" }, folder: folder,
                summary: entry["summary"]?.objectValue == nil ? nil : entry["summary"],
                failure: entry["failure"]?.stringValue, stoppedAfter: entry["stoppedAfter"]?.integerValue,
                atRungs: (entry["atRungs"]?.arrayValue ?? []).compactMap(\.doubleValue),
                data: isSafe ? MeasuredData(folder: place) : nil,
                hasReport: isSafe && FileManager.default.fileExists(atPath: place + "/" + RunFiles.reportPage))
        }
        planned = max(runs.count, json["planned"]?.integerValue ?? 0)
        rungs = (json["rungs"]?.arrayValue ?? []).compactMap { Rung($0) }
        rungMetric = json["metric"].flatMap { Metric($0) }
    }

    /// The keys that make a difference beside the seed.
    public var groupKeys: [String] { keys.filter { !Self.repeats($0) } }

    /// In the order of the plan.
    public var groups: [Group] {
        var groups: [Group] = []
        var places: [[String]: Int] = [:]
        for (index, run) in runs.enumerated() {
            let values = zip(keys, run.values).filter { !Self.repeats($0.0) }.map(\.1)
            if let place = places[values] {
                groups[place] = Group(values: values, indices: groups[place].indices + [index])
            } else {
                places[values] = groups.count
                groups.append(Group(values: values, indices: [index]))
            }
        }
        return groups
    }

    /// The seed of a run; nil where it is not varied.
    func seed(_ run: Run) -> String? {
        keys.firstIndex(of: Self.seedKey).flatMap { run.values.indices.contains($0) ? run.values[$0] : nil }
    }

    /// The best group by validation, as far as the number of images and the spread of the seeds let one say so. A group
    /// with a failed run is no candidate.
    public var verdict: Verdict {
        let titles = VariationNames.titles(groupKeys)
        return SweepVerdict.make(
            keys: keys,
            groups: groups.map { group in
                let own = group.indices.map { runs[$0] }
                return SweepVerdict.Group(
                    name: Self.name(titles, group.values),
                    values: own.contains { $0.failure != nil }
                        ? [] : own.compactMap { $0.score("bestValidation") })
            }, data: runs.compactMap(\.data), metrics: metrics)
    }

    /// How much each key matters: of results after the epochs of the first rung where there is one, which all runs have seen.
    public var importance: [KeyImportance] {
        KeyImportance.all(
            keys,
            runs.compactMap { run in
                let value = rungs.isEmpty ? run.score("bestValidation") : run.atRungs.first
                return value.map { (run.values, $0) }
            })
    }

    static func name(_ titles: [String], _ values: [String]) -> String {
        let parts = zip(titles, values).filter { !$0.1.isEmpty }.map { "\($0)=\($1)" }
        return parts.isEmpty ? "the run" : parts.joined(separator: ", ")
    }
}
