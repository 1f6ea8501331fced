import Foundation
import Testing

extension Program {
    /// Which program it is, on the command line and in what it writes.
    @Suite struct Version {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        @Test func theProgramTheFolderTheReportAndTheDoctorNameTheBuild() throws {
            let printed = try place.run("--version")
            #expect(printed.code == 0 && printed.errors.isEmpty)
            let line = printed.output.trimmingCharacters(in: .newlines)
            // The commit is not known where the sources come without git or lie in a linked worktree.
            #expect(
                line.wholeMatch(of: #/trainer \d+\.\d+\.\d+ \(([0-9a-f]{8}|unknown commit), \d{4}-\d\d-\d\d\)/#) != nil,
                "\(line)")

            #expect(try place.run("train small.yaml --set training.epochs=1").code == 0)
            let builds = try #require(try place.json("Runs/small/about.json")["builds"] as? [[String: Any]])
            #expect(builds.count == 1)
            #expect(line.contains(try #require(builds[0]["version"] as? String)))
            #expect(line.contains(try #require(builds[0]["date"] as? String)))
            #expect(try place.text("Runs/small/report.html").contains(line))
            #expect(try place.run("doctor").output.contains(line.dropFirst("trainer ".count)))
        }

        @Test func anotherBuildThatGoesOnIsAddedAndADamagedNoteStopsNothing() throws {
            let start = "train small.yaml --set schedule.kind=constant --output run"
            #expect(try place.run("\(start) --set training.epochs=1").code == 0)
            let other = """
                {"builds": [{"version": "0.1.0", "commit": "1a2b3c4d", "date": "2020-01-02"}]}
                """
            try place.write("run/about.json", other)
            #expect(try place.run("\(start) --set training.epochs=2 --resume").code == 0)
            let builds = try #require(try place.json("run/about.json")["builds"] as? [[String: Any]])
            #expect(builds.count == 2 && builds[0]["commit"] as? String == "1a2b3c4d")

            try place.write("run/about.json", "{\"builds\": [")
            #expect(try place.run("\(start) --set training.epochs=3 --resume").code == 0)
            #expect((try place.json("run/about.json")["builds"] as? [Any])?.count == 1)
        }
    }
}
