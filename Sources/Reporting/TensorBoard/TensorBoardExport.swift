// TensorBoard: event files, which are protocol buffers in framed records.

import Foundation
import JSON

/// A run's record as an event file for TensorBoard.
///
/// The file is made from `metrics.jsonl` and the files of `report/`, so it holds every epoch once, however often the run
/// was interrupted. While a run goes on its epochs are appended.
public enum TensorBoardExport {
    /// The name of the event file in `RUN/tensorboard`, a function of the start of the run.
    public static func fileName(_ record: RunRecord) -> String {
        "events.out.tfevents.\(Int(bounded: startTime(record))).hornbeam"
    }

    /// The whole event file: scalars, histograms, images.
    /// - Parameter withResult: whether the pictures of the finished run are in it.
    public static func file(_ record: RunRecord, withResult: Bool = true) -> [UInt8] {
        var bytes = EventRecord.version(wallTime: startTime(record))
        var clock = EventClock(start: startTime(record))
        var times: [Int: Double] = [:]
        let keys = HyperparameterExport.values(record)
        if !keys.isEmpty { bytes += EventRecord(wallTime: startTime(record), step: 0, values: keys).encoded }
        for line in record.epochs {
            let time = clock.time(of: line)
            times[step(line)] = time
            bytes += scalars(line, wallTime: time, metrics: record.metrics).encoded
        }
        for line in record.histograms {
            bytes += histograms(line, wallTime: times[step(line)] ?? startTime(record)).encoded
        }
        if let sheet = PixelSheet.samples(record) {
            let values: [(tag: String, value: EventRecord.Value)] = [("images/augmented", sheet.value)]
            bytes += EventRecord(wallTime: startTime(record), step: 0, values: values).encoded
        }
        return bytes + (withResult ? results(record).flatMap(\.encoded) : [])
    }

    /// Seconds since 1970 at the start of the run; 0 where the run did not write it down.
    package static func startTime(_ record: RunRecord) -> Double { record.run?["startSeconds"]?.doubleValue ?? 0 }

    /// The scalars of an epoch, at the step of its last update.
    /// - Parameter metrics: those of the run, whose tags are `<name>/train` and the like.
    package static func scalars(_ line: JSONValue, wallTime: Double, metrics: [Metric] = Metric.unnamed) -> EventRecord
    {
        let tags = Dictionary(metrics.flatMap(tags), uniquingKeysWith: { first, _ in first })
        var values: [(tag: String, value: EventRecord.Value)] = []
        for member in line.objectValue ?? [] {
            guard let number = member.value.doubleValue, number.isFinite, let tag = tag(member.name, tags) else {
                continue
            }
            values.append((tag, .scalar(number)))
        }
        return EventRecord(wallTime: wallTime, step: step(line), values: values)
    }

    /// The histograms of an epoch.
    package static func histograms(_ line: JSONValue, wallTime: Double) -> EventRecord {
        var values: [(tag: String, value: EventRecord.Value)] = []
        for group in line["groups"]?.arrayValue ?? [] {
            guard let name = group["name"]?.stringValue else { continue }
            for kind in ["weights", "gradients"] {
                if let histogram = group[kind].flatMap({ Histogram($0) }) {
                    values.append(("\(kind)/\(name)", .histogram(histogram)))
                }
            }
        }
        return EventRecord(wallTime: wallTime, step: step(line), values: values)
    }

    /// The pictures of the task and the filters of a finished run, and before them what the model said of a few images
    /// after some epochs, each at the step of its epoch; empty where there are none.
    package static func results(_ record: RunRecord) -> [EventRecord] {
        var clock = EventClock(start: startTime(record))
        var time = startTime(record)
        var ends: [Int: (time: Double, step: Int)] = [:]
        for line in record.epochs {
            time = clock.time(of: line)
            if let epoch = line["epoch"]?.integerValue { ends[epoch] = (time, step(line)) }
        }
        // A snapshot of an epoch that the log does not know has no step to stand at.
        let snapshots = (record.taskSections?.snapshots(record) ?? []).compactMap { snapshot in
            ends[snapshot.epoch].map {
                EventRecord(wallTime: $0.time, step: $0.step, values: [(snapshot.tag, snapshot.sheet.value)])
            }
        }
        var values: [(tag: String, value: EventRecord.Value)] = []
        for (tag, sheet) in record.taskSections?.pictures(record) ?? [] { values.append((tag, sheet.value)) }
        for (tag, curve) in record.taskSections?.precisionRecall(record) ?? [] {
            values.append((tag, .precisionRecall(curve)))
        }
        for filters in FilterBank.all(record) {
            values.append(("\(filters.isSpectrum ? "filters" : "kernels")/\(filters.name)", filters.sheet.value))
        }
        if let end = HyperparameterExport.end(record, time: time) { values.append(end) }
        return values.isEmpty
            ? snapshots
            : snapshots + [EventRecord(wallTime: time, step: step(record.epochs.last ?? .null), values: values)]
    }

    private static func step(_ line: JSONValue) -> Int { line["update"]?.integerValue ?? 0 }

    /// The tags of a metric's keys, the moving average's beside the others on a card.
    private static func tags(_ metric: Metric) -> [(String, String)] {
        let (card, note) = metric == .topFiveAccuracy ? (Metric.accuracy.name, ", top five") : (metric.name, "")
        return [
            ("train", "train"), ("validation", "validation"), ("test", "test"),
            ("emaValidation", "validation, moving average"), ("emaTest", "test, moving average"),
        ].map { (metric.key($0.0), "\(card)/\($0.1)\(note)") }
    }

    /// The tag of a number; groups before the slash share a card in TensorBoard.
    private static func tag(_ name: String, _ tags: [String: String]) -> String? {
        if let tag = tags[name] { return tag }
        return switch name {
        case "epoch": "epoch"
        case "trainLoss": "loss/train"
        case "validationLoss": "loss/validation"
        case "testLoss": "loss/test"
        case "emaValidationLoss": "loss/validation, moving average"
        case "gradientNorm": "gradientNorm/mean"
        case "gradientNormMedian": "gradientNorm/median"
        case "gradientNormMax": "gradientNorm/max"
        case "learningRate": "learningRate"
        case "imagesPerSecond": "speed/imagesPerSecond"
        case "peakMemoryMB": "memory/peakMegabytes"
        case "stage": "stage"
        case "update", "seconds": nil
        case _ where name.hasPrefix("loss."): "lossTerms/\(name.dropFirst(5))"
        case _ where name.hasPrefix("weightedLoss."): "weightedLossTerms/\(name.dropFirst(13))"
        default: "other/\(name)"
        }
    }
}

/// When epochs ended, from the seconds in their lines, which start anew with every stage of a distillation.
package struct EventClock: Sendable {
    private var start: Double
    private var last = 0.0
    private var stage: Int?

    package init(start: Double) { self.start = start }

    /// The time of a line; to be called in the order of the log.
    package mutating func time(of line: JSONValue) -> Double {
        let seconds = line["seconds"]?.doubleValue ?? last
        if line["stage"]?.integerValue != stage {
            stage = line["stage"]?.integerValue
            start += last
        }
        last = seconds
        return start + seconds
    }
}
