// Records: what the folders of runs and sweeps tell, read and put beside each other; nothing here is drawn.

import Foundation
import JSON
import RunLayout

/// A report that cannot be made, in one sentence that names the folder.
public struct ReportError: Error, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String
    /// An error of that sentence.
    public init(_ description: String) { self.description = description }
}

/// Everything that a run folder tells, read without opening the run's data or weights. Whatever a run that crashed has
/// not written yet is absent.
public struct RunRecord: Sendable {
    /// The folder, as it was given.
    public let path: String
    /// The lines of `metrics.jsonl`, one per epoch.
    public let epochs: [JSONValue]
    /// `summary.json`, which a finished run has.
    public let summary: JSONValue?
    /// `report/run.json`: command, machine, data, model and configuration.
    public let run: JSONValue?
    /// `report/result.json`: mistakes on the test images and the learned filters.
    public let result: JSONValue?
    /// `report/samples.json`: augmented training images.
    public let samples: JSONValue?
    /// What the model said of a few images after some epochs, in their order.
    package let snapshots: [Snapshot]
    /// The lines of `report/histograms.jsonl`.
    public let histograms: [JSONValue]
    /// What a distillation leaves beside that.
    public let distillation: Distillation
    /// `config.yaml`.
    public let configuration: String?
    /// What the run measured; the first one chooses the best weights.
    public let metrics: [Metric]
    /// What could not be read, one sentence each.
    public let problems: [String]

    /// The files of a distillation; all empty for other runs.
    public struct Distillation: Sendable {
        /// `stages.json`: what each stage brought.
        public let stages: [JSONValue]
        /// `order.json`: the order of the teachers and how it was found.
        public let order: JSONValue?
        /// `comparison.json`: all arms over several seeds.
        public let comparison: JSONValue?
    }

    /// The metric that chooses.
    public var primary: Metric { metrics[0] }

    /// The last part of the folder's path.
    public var name: String {
        let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return full.split(separator: "/").filter { $0 != "." }.last.map(String.init) ?? path
    }

    /// Whether the run came to its end.
    public var isFinished: Bool { summary != nil || distillation.comparison != nil }

    /// Reads a run folder.
    /// - Parameter withSnapshots: whether to read the pictures of `report/snapshot-*.json`, which pages of many runs do
    ///   not show.
    /// - Throws: `ReportError` when the folder holds no run.
    public init(folder path: String, withSnapshots: Bool = true) throws {
        var reader = Reader(folder: path)
        self.path = path
        epochs = reader.lines(RunFiles.metrics)
        summary = reader.json(RunFiles.summary)
        run = reader.json(RunFiles.description)
        result = reader.json(RunFiles.result)
        samples = reader.json(RunFiles.samples)
        snapshots = withSnapshots ? reader.snapshots() : []
        histograms = reader.lines(RunFiles.histograms)
        distillation = Distillation(
            stages: reader.json(RunFiles.stages)?.arrayValue ?? [], order: reader.json(RunFiles.order),
            comparison: reader.json(RunFiles.comparison))
        configuration = reader.text(RunFiles.configuration)
        metrics = Metric.all(run: run, summary: summary)
        problems = reader.problems
        guard !epochs.isEmpty || distillation.comparison != nil || configuration != nil || run != nil else {
            throw ReportError(
                "\(path): this is no run folder, expected one with \(RunFiles.metrics), such as `trainer train` writes")
        }
    }

    /// The runs in the folders of a folder that is itself no run, such as a sweep's that was interrupted early, by name.
    public static func runs(in folder: String) -> [String] {
        let files = FileManager.default
        if [RunFiles.metrics, RunFiles.comparison, RunFiles.configuration].contains(where: {
            files.fileExists(atPath: folder + "/" + $0)
        }) {
            return []
        }
        return ((try? files.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { folder + "/" + $0 }
            .filter { files.fileExists(atPath: $0 + "/" + RunFiles.metrics) }
    }

    struct Reader {
        let folder: String
        var problems: [String] = []

        init(folder: String) { self.folder = folder }

        mutating func text(_ name: String, limit: Int = 1 << 28) -> String? {
            let content = RegularFile.read(folder + "/" + name, limit: limit)
            if case .refused(let reason) = content { problems.append("\(name) \(reason)") }
            return content.text
        }

        mutating func json(_ name: String, limit: Int = 1 << 28) -> JSONValue? {
            guard let text = text(name, limit: limit) else { return nil }
            do { return try JSONValue(parsing: text) } catch {
                problems.append("\(name) cannot be read: \(error)")
                return nil
            }
        }

        /// A line that was cut off by a crash, or is damaged, is left out.
        mutating func lines(_ name: String) -> [JSONValue] {
            var bad = 0
            let values = (text(name) ?? "").split(separator: "\n").compactMap { line -> JSONValue? in
                guard let value = try? JSONValue(parsing: String(line)), value.objectValue != nil else {
                    bad += 1
                    return nil
                }
                return value
            }
            if bad > 0 { problems.append("\(bad) \(bad == 1 ? "line" : "lines") of \(name) cannot be read") }
            return values
        }
    }
}
