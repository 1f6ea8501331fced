// Report: what a run writes into its folder for the page that Reporting draws.

import Checkpoints
import Foundation
import JSON
import Reporting
import RunLayout
import Tensors

/// Writes what a report is made of into a run's folder, then the report.
///
/// A report is worth less than the run: what cannot be written is told once, and the run goes on.
final class RunReporter {
    private let directory: RunDirectory
    private let settings: ReportingSection
    private let console: Console
    private var hasFailed = false
    /// Those of the run that is described.
    private var metrics = Metric.unnamed
    private var lastPage = MonotonicClock.seconds()
    private var events: FileHandle?
    private var clock = EventClock(start: 0)
    /// Seconds between two pages while a run goes on.
    private static let pageInterval = 60.0

    /// `nil` where the recipe wants neither page nor event file.
    init?(_ directory: RunDirectory, _ settings: ReportingSection, _ console: Console) {
        guard settings.htmlReport || settings.tensorBoard else { return nil }
        (self.directory, self.settings, self.console) = (directory, settings, console)
    }

    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch {
            if !hasFailed { console.warning("the report is incomplete: \(error)") }
            hasFailed = true
        }
    }

    private func write(_ name: String, _ value: JSONValue) throws {
        try AtomicFile.write(directory.path + "/" + name, value.text() + "\n")
    }

    private func read(_ name: String) -> JSONValue? {
        RegularFile.read(directory.path + "/" + name).bytes.flatMap { try? JSONValue(parsing: $0) }
    }

    /// Describes the run. The log must be open, since a resumed run's later lines are cut off by then.
    /// - Parameter updates: those made before the run goes on, 0 at the start; what was written after them goes.
    /// - Parameter samples: training images as the model sees them.
    func begin(_ description: RunDescription, resumingAfter updates: Int, samples: () throws -> JSONValue) {
        metrics = description.metrics
        attempt {
            try FileManager.default.createDirectory(atPath: directory.report, withIntermediateDirectories: true)
            try write(
                RunFiles.description, try description.json(continuing: updates > 0 ? read(RunFiles.description) : nil))
            try write(RunFiles.samples, try samples())
            try cutHistograms(after: updates)
            if settings.tensorBoard { try startEvents() }
        }
    }

    private func cutHistograms(after updates: Int) throws {
        let path = directory.path + "/" + RunFiles.histograms
        guard let text = RegularFile.read(path, limit: 1 << 30).text else { return }
        let lines = text.split(separator: "\n").filter { line in
            guard let update = (try? JSONValue(parsing: String(line)))?["update"]?.integerValue else { return false }
            return update <= updates
        }
        try AtomicFile.write(path, lines.map { $0 + "\n" }.joined())
    }

    /// Starts the event file anew from the logs, so that no step of a resumed run is in it twice or missing.
    private func startEvents() throws {
        let record = try RunRecord(folder: directory.path)
        let path = try TensorBoardFolder.replace(
            TensorBoardExport.file(record, withResult: false), record, in: directory.tensorBoard)
        clock = EventClock(start: TensorBoardExport.startTime(record))
        for line in record.epochs { _ = clock.time(of: line) }
        events = FileHandle(forWritingAtPath: path)
        try events?.seekToEnd()
    }

    /// Adds an epoch: its line of the log and, where wanted, its histograms.
    func epoch(_ line: JSONValue, groups: () -> JSONValue) {
        attempt {
            var records = Data()
            let time = clock.time(of: line)
            records.append(contentsOf: TensorBoardExport.scalars(line, wallTime: time, metrics: metrics).encoded)
            if settings.histograms {
                let histograms: JSONValue = [
                    "epoch": line["epoch"] ?? .null, "update": line["update"] ?? .null, "groups": groups(),
                ]
                try append(histograms)
                records.append(contentsOf: TensorBoardExport.histograms(histograms, wallTime: time).encoded)
            }
            try events?.write(contentsOf: records)
            if settings.htmlReport, MonotonicClock.seconds() - lastPage > Self.pageInterval { try writePage() }
        }
    }

    /// Keeps what the model said of a few images after an epoch.
    func snapshot(epoch: Int, _ pictures: () throws -> [JSONValue]) {
        attempt {
            let pictures = try pictures()
            guard !pictures.isEmpty else { return }
            try write(RunFiles.snapshot(epoch), ["epoch": .integer(epoch), "images": .array(pictures)])
        }
    }

    private func append(_ line: JSONValue) throws {
        let path = directory.path + "/" + RunFiles.histograms
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        try MetricsLog(path: path, resumingAt: size).append(line)
    }

    /// Keeps what the evaluation of the finished run, or of a stage, found.
    func result(_ result: () throws -> JSONValue) {
        attempt { try write(RunFiles.result, try result()) }
    }

    /// Writes the page, after the run's summary.
    func finish() {
        attempt {
            if let events {
                let record = try RunRecord(folder: directory.path)
                let images = TensorBoardExport.results(record).flatMap(\.encoded)
                try events.write(contentsOf: Data(images))
                try events.close()
                self.events = nil
            }
            if settings.htmlReport { try writePage() }
        }
    }

    private func writePage() throws {
        try AtomicFile.write(directory.reportPage, RunPage.html(try RunRecord(folder: directory.path)))
        lastPage = MonotonicClock.seconds()
    }
}
