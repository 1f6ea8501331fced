import Foundation
import Testing

extension Program {
    @Suite struct ReportTests {
        @Test func reportsAreRebuiltAndRunsCompared() throws {
            let place = try Workplace()
            try place.write("a.yaml", smallConfiguration)
            #expect(try place.run("train a.yaml").code == 0)
            #expect(
                try place.run(["train", "a.yaml", "--set", "optimizer.learningRate=1e-3", "--output", "it's"]).code == 0
            )
            let first = try place.text("Runs/a/report.html")
            #expect(first.contains("<code>trainer train a.yaml</code>"))
            #expect(
                try place.text("it's/report.html").contains("trainer train a.yaml --set optimizer.learningRate=1e-3"))

            try FileManager.default.removeItem(atPath: place.path + "/Runs/a/report.html")
            let rebuilt = try place.run("report Runs/a/ --tensorboard")
            #expect(rebuilt.code == 0 && rebuilt.output.contains("written to Runs/a/report.html"))
            #expect(try place.text("Runs/a/report.html") == first)
            let events = try FileManager.default.contentsOfDirectory(atPath: place.path + "/Runs/a/tensorboard")
            #expect(events.count == 1 && events[0].hasPrefix("events.out.tfevents."))

            #expect(try place.run(["report", "Runs/a", "it's", "--output", "both.html"]).code == 0)
            #expect(try place.text("both.html").contains("optimizer.learningRate"))
            let json = try place.run(["report", "Runs/a", "it's", "--json"])
            let value = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            let differences = try #require(value["differences"] as? [[String: Any]])
            #expect(differences.compactMap { $0["key"] as? String } == ["optimizer.learningRate"])

            try place.fail("report nowhere", "nowhere: this is no run folder, expected one with metrics.jsonl")
            try place.fail("report Runs/a --output missing/page.html", "missing")
        }
    }
}
