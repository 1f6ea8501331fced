import Foundation
import JSON
import RunLayout

extension RunRecord {
    /// What the model said of a few images after an epoch.
    package struct Snapshot: Sendable {
        /// How many epochs were done.
        package let epoch: Int
        /// An object of each image, as its task wrote it.
        package let images: [JSONValue]
    }
}

extension RunRecord.Reader {
    /// So many files of so many bytes are together as large as any single file may be.
    private static var mostSnapshots: Int { 32 }
    private static var largestSnapshot: Int { 1 << 23 }

    /// Those of the folder in the order of their epochs, evenly spread ones where there are more than a page can show.
    mutating func snapshots() -> [RunRecord.Snapshot] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + RunFiles.report)) ?? []
        let found = names.compactMap { name -> Int? in
            guard let epoch = RunFiles.snapshotEpoch(name), epoch >= 0,
                RunFiles.snapshot(epoch) == RunFiles.report + "/" + name
            else { return nil }
            return epoch
        }.sorted()
        let most = Self.mostSnapshots
        var epochs = found
        if found.count > most {
            epochs = (0..<most).map { found[$0 * (found.count - 1) / (most - 1)] }
            problems.append("\(found.count) files of snapshots are more than are shown; \(most) of them are read")
        }
        return epochs.compactMap { epoch in
            let name = RunFiles.snapshot(epoch)
            guard let json = json(name, limit: Self.largestSnapshot) else { return nil }
            guard let images = json["images"]?.arrayValue, json["epoch"]?.integerValue == epoch else {
                problems.append("\(name) is no snapshot of epoch \(epoch)")
                return nil
            }
            return RunRecord.Snapshot(epoch: epoch, images: images)
        }
    }
}
