import Foundation
import Tasks

/// Room on a disk.
package enum DiskSpace {
    /// Bytes that this user may still write below a folder; nil where the system does not tell.
    package static func free(at path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (bytes, isOver) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: status.f_frsize))
        return isOver ? .max : bytes
    }

    /// Refuses a folder whose disk has no room for what a run must be able to write, before any work is done.
    /// - Throws: `RecipeError` with the figures.
    package static func check(_ path: String, needed: Int, free: Int? = nil) throws {
        guard let free = free ?? Self.free(at: path), free < needed else { return }
        throw RecipeError(
            "\(path): the disk has room for \(MemoryEstimate.text(free)), but the run needs \(MemoryEstimate.text(needed)) "
                + "for its weights and two saved states; make room, or choose another folder with --output")
    }
}
