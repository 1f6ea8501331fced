import Checkpoints
import Foundation
import Reporting

/// The event file of a run in `RUN/tensorboard`.
package enum TensorBoardFolder {
    /// Makes the event file anew from what the run folder tells; other event files in the folder go.
    /// - Returns: the path of the file.
    /// - Throws: `CheckpointError` when it cannot be written.
    @discardableResult
    package static func write(_ record: RunRecord) throws -> String {
        try replace(TensorBoardExport.file(record), record, in: record.path + "/tensorboard")
    }

    static func replace(_ bytes: [UInt8], _ record: RunRecord, in folder: String) throws -> String {
        let path = folder + "/" + TensorBoardExport.fileName(record)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: folder)
            where name.hasPrefix("events.out.tfevents.") && folder + "/" + name != path {
                try FileManager.default.removeItem(atPath: folder + "/" + name)
            }
        } catch {
            throw CheckpointError(folder, "cannot write the folder, \(error.localizedDescription)")
        }
        try AtomicFile.write(path, bytes)
        return path
    }
}
