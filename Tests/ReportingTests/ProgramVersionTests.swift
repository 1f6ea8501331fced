import Reporting
import Testing

@Suite struct ProgramVersionTests {
    @Test func itNamesCommitAndDateOrSaysThatTheyAreUnknown() {
        #expect(
            ProgramVersion(version: "1.2.3", commit: "1a2b3c4d", date: "2026-11-06").description
                == "1.2.3 (1a2b3c4d, 2026-11-06)")
        #expect(ProgramVersion(version: "1.2.3", commit: nil, date: nil).description == "1.2.3 (unknown commit)")
        #expect(ProgramVersion.current.version.wholeMatch(of: #/\d+\.\d+\.\d+/#) != nil)
    }

    @Test func theCompilersDateIsReadAndNothingElse() {
        #expect(ProgramVersion.isoDate("Nov  6 2026") == "2026-11-06")
        #expect(ProgramVersion.isoDate("Jan 26 2001") == "2001-01-26")
        for text in ["", "??? ?? ????", "Nov 2026", "Now 6 2026"] { #expect(ProgramVersion.isoDate(text) == nil) }
    }

    @Test func itSurvivesJSON() {
        for version in [
            ProgramVersion(version: "1.2.3", commit: "1a2b3c4d", date: "2026-11-06"),
            ProgramVersion(version: "1.2.3", commit: nil, date: nil),
        ] {
            #expect(ProgramVersion(version.json) == version)
        }
        #expect(ProgramVersion(["commit": "1a2b3c4d"]) == nil)
        #expect(ProgramVersion(nil) == nil)
    }

    @Test func thePageOfARunNamesItsProgramAndOlderRunsHaveNone() throws {
        let folder = try RunFolder()
        try folder.fill()
        #expect(!RunPage.html(try folder.record).contains("trainer 9.8.7"))
        var run = try #require(try folder.record.run)
        run["program"] = ["version": "9.8.7", "commit": "1a2b3c4d", "date": "2026-11-06"]
        try folder.write("report/run.json", run)
        #expect(RunPage.html(try folder.record).contains("trainer 9.8.7 (1a2b3c4d, 2026-11-06)"))
    }
}
