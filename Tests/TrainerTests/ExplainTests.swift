import Foundation
import Testing

extension Program {
    /// Where in an image an answer comes from.
    @Suite struct Explain {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
            #expect(try place.run("train small.yaml --set training.epochs=1 --output run").code == 0)
            try PNG.write("\(place.path)/a.png", width: 9, height: 8, .gray, label: 1, index: 3)
        }

        private func explanation(_ options: String) throws -> [String: Any] {
            let outcome = try place.run("predict run a.png --json --top 1 " + options)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let list = try #require(
                try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
            return try #require(list[0]["explanation"] as? [String: Any])
        }

        @Test func picturesAndNumbersAreWritten() throws {
            let outcome = try place.run("predict run a.png --explain gradcam --output why")
            #expect(outcome.code == 0 && outcome.errors.contains("1 file is written below why."))
            #expect(try place.data("why/explanations/a.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
            let found = try explanation("--explain occlusion --square 3 --step 2")
            let heat = try #require(found["heat"] as? [String: Any])
            let size = try #require(heat["height"] as? Int) * #require(heat["width"] as? Int)
            #expect((heat["values"] as? [Any])?.count == size && found["method"] as? String == "occlusion")
        }

        @Test func aClassIsChosenByName() throws {
            let names = try ["0", "1"].map {
                try #require(try explanation("--explain gradcam --explain-class \($0)")["class"] as? String)
            }
            #expect(names == ["0", "1"])
            try place.fail(
                "predict run a.png --json --explain gradcam --explain-class cat",
                "--explain-class is cat, which run does not know, expected one of 0, 1")
        }

        @Test func reportsShowWhereAnswersComeFrom() throws {
            let html = try place.text("run/report.html")
            #expect(html.contains("<section id=\"explanations\">"))
            #expect(html.contains("\"#pair-") == html.contains("<section id=\"confused\">"))
        }

        @Test func whatDoesNotFitIsRefused() throws {
            for (options, message) in [
                ("--explain gradcam", "--explain has nowhere to go"),
                ("--explain attention --json", "has no attention maps, expected a model of CvT or Swin"),
                ("--explain gradcam --json --explain-tap stage9", "the model has no tap stage9, expected one of"),
                ("--explain gradcam --json --square 3", "--square belongs to occlusion"),
                ("--json --step 3", "--step belongs to --explain"),
                ("--explain gradcam --json --prepared a.safetensors", "which --prepared does not read"),
            ] {
                try place.fail("predict run a.png " + options, message)
            }
            // It is said before the head of a table is printed.
            let outcome = try place.fail("predict run a.png --explain rollout --output out", "has no attention maps")
            #expect(outcome.output.isEmpty, "\(outcome.output)")
        }
    }
}
