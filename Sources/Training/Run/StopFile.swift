import Foundation

/// The file `stop` in the folder of a run that several processes share: whoever makes it asks them to save and to end, as by
/// SIGTERM. It is the sure way where a launcher ends its processes soon after it was asked to stop.
struct StopFile {
    private let path: String

    init(in folder: String) { path = folder + "/stop" }

    /// Whether it is there now.
    var isThere: Bool { FileManager.default.fileExists(atPath: path) }

    /// Takes it away, so that the run can go on.
    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
