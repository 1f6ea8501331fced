import JSON
import ProtobufWriting
import RunLayout

/// A run's configuration for TensorBoard: as text, and as the hyperparameters that its table and charts compare runs by.
enum HyperparameterExport {
    /// What stands at the start of the event file; empty for runs that did not write their configuration down.
    static func values(_ record: RunRecord) -> [(tag: String, value: EventRecord.Value)] {
        var values: [(tag: String, value: EventRecord.Value)] = []
        if let text = record.configuration {
            // Four spaces make a block of code in Markdown.
            let block = text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
            values.append(("configuration", .text(block.joined(separator: "\n"))))
        }
        let chosen = chosen(record)
        guard !chosen.isEmpty else { return values }
        values.append(("_hparams_/experiment", .hyperparameters(experiment(record, chosen))))
        values.append(("_hparams_/session_start_info", .hyperparameters(start(record, chosen))))
        return values
    }

    /// The end of a finished run, for its state in the table.
    static func end(_ record: RunRecord, time: Double) -> (tag: String, value: EventRecord.Value)? {
        guard record.summary != nil, !chosen(record).isEmpty else { return nil }
        let content = ProtobufWriter.message { data in
            data.message(4) { info in
                info.integer(1, 1)
                info.double(2, time)
            }
        }
        return ("_hparams_/session_end_info", .hyperparameters(content))
    }

    /// The keys that the run's file or command line sets, with their values; those at their defaults would fill the table.
    private static func chosen(_ record: RunRecord) -> [(key: String, value: String)] {
        (record.run?["configuration"]?.arrayValue ?? []).compactMap { entry in
            guard entry["isDefault"]?.boolValue == false || entry["path"]?.stringValue == "run.seed",
                let key = entry["path"]?.stringValue, let value = entry["value"]?.stringValue
            else { return nil }
            return (key, value)
        }
    }

    /// A google.protobuf.Value: a number or a string.
    private static func write(_ value: String, to writer: inout ProtobufWriter) {
        if let number = Double(value), number.isFinite {
            writer.double(2, number)
        } else if let truth = Bool(value) {
            writer.bool(4, truth)
        } else {
            writer.string(3, value)
        }
    }

    private static func start(_ record: RunRecord, _ chosen: [(key: String, value: String)]) -> [UInt8] {
        ProtobufWriter.message { data in
            data.message(3) { info in
                for (key, value) in chosen {
                    info.message(1) { entry in
                        entry.string(1, key)
                        entry.message(2) { write(value, to: &$0) }
                    }
                }
                info.string(4, record.name)
                info.double(5, TensorBoardExport.startTime(record))
            }
        }
    }

    /// The names of the keys with their types, and the curves whose last values are compared.
    private static func experiment(_ record: RunRecord, _ chosen: [(key: String, value: String)]) -> [UInt8] {
        ProtobufWriter.message { data in
            data.message(2) { experiment in
                for (key, value) in chosen {
                    experiment.message(4) { info in
                        info.string(1, key)
                        info.integer(4, Double(value)?.isFinite == true ? 3 : Bool(value) != nil ? 2 : 1)
                    }
                }
                let primary = record.primary.name
                for tag in ["\(primary)/validation", "\(primary)/test", "loss/validation", "loss/train"] {
                    experiment.message(5) { metric in metric.message(1) { $0.string(2, tag) } }
                }
            }
        }
    }
}
