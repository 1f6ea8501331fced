import Foundation
import Tensors

/// A run's record as an event file for TensorBoard.
///
/// The file is made from `metrics.jsonl` and the files of `report/`, so it holds every epoch once, however often the run
/// was interrupted. While a run goes on its epochs are appended.
public enum TensorBoardExport {
    /// The name of the event file in `RUN/tensorboard`, a function of the start of the run.
    public static func fileName(_ record: RunRecord) -> String {
        "events.out.tfevents.\(Int(startTime(record))).hornbeam"
    }

    /// The whole event file: scalars, histograms, images.
    public static func file(_ record: RunRecord) -> [UInt8] {
        var bytes = EventRecord.version(wallTime: startTime(record))
        for line in record.epochs { bytes += scalars(line, record).encoded }
        for line in record.histograms { bytes += histograms(line, record).encoded }
        return bytes + images(record).flatMap(\.encoded)
    }

    /// Seconds since 1970 at the start of the run; 0 where the run did not write it down.
    static func startTime(_ record: RunRecord) -> Double { record.run?["startSeconds"]?.doubleValue ?? 0 }

    /// The scalars of an epoch, at the step of its last update.
    public static func scalars(_ line: JSONValue, _ record: RunRecord) -> EventRecord {
        var values: [(tag: String, value: EventRecord.Value)] = []
        for member in line.objectValue ?? [] {
            guard let number = member.value.doubleValue, number.isFinite, let tag = tag(member.name) else { continue }
            values.append((tag, .scalar(number)))
        }
        return EventRecord(wallTime: time(line, record), step: step(line), values: values)
    }

    /// The histograms of an epoch.
    public static func histograms(_ line: JSONValue, _ record: RunRecord) -> EventRecord {
        var values: [(tag: String, value: EventRecord.Value)] = []
        for group in line["groups"]?.arrayValue ?? [] {
            guard let name = group["name"]?.stringValue else { continue }
            for kind in ["weights", "gradients"] {
                if let histogram = group[kind].flatMap({ Histogram($0) }) {
                    values.append(("\(kind)/\(name)", .histogram(histogram)))
                }
            }
        }
        let epoch = line["epoch"]?.integerValue
        let same = record.epochs.first { $0["epoch"]?.integerValue == epoch }
        return EventRecord(wallTime: time(same ?? .null, record), step: step(line), values: values)
    }

    /// Augmented images, the confusion matrix, the most confidently wrong images and the filters.
    public static func images(_ record: RunRecord) -> [EventRecord] {
        var records: [EventRecord] = []
        let firstTime = startTime(record)
        if let sheet = PixelSheet.samples(record) {
            records.append(EventRecord(wallTime: firstTime, step: 0, values: [("images/augmented", sheet.value)]))
        }
        let last = record.epochs.last ?? .null
        var values: [(tag: String, value: EventRecord.Value)] = []
        if let sheet = PixelSheet.confusion(record) { values.append(("images/confusion", sheet.value)) }
        for filters in FilterBank.all(record) {
            values.append(("\(filters.isSpectrum ? "filters" : "kernels")/\(filters.name)", filters.sheet.value))
        }
        if !values.isEmpty {
            records.append(EventRecord(wallTime: time(last, record), step: step(last), values: values))
        }
        return records
    }

    private static func step(_ line: JSONValue) -> Int { line["update"]?.integerValue ?? 0 }

    private static func time(_ line: JSONValue, _ record: RunRecord) -> Double {
        startTime(record) + (line["seconds"]?.doubleValue ?? 0)
    }

    /// The tag of a metric; groups before the slash share a card in TensorBoard.
    private static func tag(_ name: String) -> String? {
        switch name {
        case "epoch": "epoch"
        case "trainLoss": "loss/train"
        case "validationLoss": "loss/validation"
        case "testLoss": "loss/test"
        case "emaValidationLoss": "loss/validation, moving average"
        case "trainAccuracy": "accuracy/train"
        case "validationAccuracy": "accuracy/validation"
        case "validationTopFiveAccuracy": "accuracy/validation, top five"
        case "testAccuracy": "accuracy/test"
        case "emaValidationAccuracy": "accuracy/validation, moving average"
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
