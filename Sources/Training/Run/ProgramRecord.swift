import Checkpoints
import Foundation
import JSON
import Reporting
import Tensors

extension RunDirectory {
    /// Notes in `about.json` which program works in this folder: one entry for the start, and one for each other build
    /// that went on with the run, the newest last. Nothing reads it back but people and this function.
    func recordProgram(resuming: Bool) throws {
        var builds: [JSONValue] = []
        if resuming, let contents = FileManager.default.contents(atPath: about),
            let known = try? JSONValue(parsing: [UInt8](contents))
        {
            builds = known["builds"]?.arrayValue ?? []
        }
        let current = ProgramVersion.current
        if let last = builds.last, ProgramVersion(last) == current { return }
        builds.append(current.json)
        try AtomicFile.write(about, (["builds": .array(builds)] as JSONValue).text(pretty: true) + "\n")
    }
}
