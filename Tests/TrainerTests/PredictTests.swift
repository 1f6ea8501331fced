import Foundation
import Testing

extension Program {
    /// Many images in one call, in whatever form they are named.
    @Suite struct Predict {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
            #expect(try place.run("train small.yaml --set training.epochs=1 --output run").code == 0)
            for name in ["b/2", "b/1", "a", "c, d"] {
                try PNG.write(
                    "\(place.path)/images/\(name).png", width: 9, height: 8, .gray, label: 1, index: name.count)
            }
            try place.write("images/notes.txt", "x")
            try place.write("images/b/.hidden.png", "x")
        }

        private func list(_ outcome: Workplace.Outcome) throws -> [[String: Any]] {
            try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        }

        private func names(_ arguments: [String]) throws -> [String] {
            let outcome = try place.run(["predict", "run"] + arguments + ["--json", "--top", "1"])
            return try list(outcome).compactMap { $0["image"] as? String }
        }

        @Test func foldersListsAndPatternsStandForTheirImages() throws {
            let all = ["images/a.png", "images/b/1.png", "images/b/2.png", "images/c, d.png"]
            let folder = try place.run("predict run images/ --json")
            #expect(folder.code == 0 && folder.errors == "notice: left out, no images: 1 .txt.\n")
            #expect(try names(["images"]) == all)
            #expect(
                try names(["images/b/*.png", "images/a.png"]) == ["images/b/1.png", "images/b/2.png", "images/a.png"])
            try place.write("list.txt", "images/c, d.png\r\n\nimages/b\n")
            #expect(try names(["@list.txt"]) == ["images/c, d.png", "images/b/1.png", "images/b/2.png"])
            // A link into its own folder is no endless way.
            try FileManager.default.createSymbolicLink(
                atPath: place.path + "/images/b/up", withDestinationPath: "..")
            #expect(
                Set(try names(["images/b"]))
                    == Set(
                        ["images/b/1.png", "images/b/2.png"] + [
                            "images/b/up/a.png", "images/b/up/c, d.png",
                        ]))
        }

        @Test func oneImageComesFromTheStandardInput() throws {
            let process = try place.start(
                ["predict", "run", "-", "images/a.png", "--json", "--top", "3"], input: "images/a.png")
            process.waitUntilExit()
            let answers = try list(.init(code: 0, output: try place.text(".out"), errors: ""))
            #expect(process.terminationStatus == 0 && answers.map { $0["image"] as? String } == ["-", "images/a.png"])
            let classes = try answers.map { try #require($0["classes"] as? NSArray) }
            #expect(classes[0] == classes[1])
        }

        @Test func whatCannotBeReadIsToldAndTheRestIsAnswered() throws {
            try place.write("broken.png", Array(try place.data("images/a.png").prefix(40)))
            let outcome = try place.run("predict run images/a.png broken.png gone.png images/b/1.png")
            #expect(outcome.code == 1)
            #expect(outcome.output.contains("images/a.png") && outcome.output.contains("images/b/1.png"))
            #expect(outcome.failures.count == 2 && outcome.failures[0].hasPrefix("error: broken.png: "))
            #expect(outcome.failures[1].hasPrefix("error: gone.png: "))
            #expect(outcome.errors.contains("notice: 2 of 4 images have no answer."))
            let json = try place.run("predict run images/a.png broken.png images/b/1.png --json")
            #expect(json.code == 1)
            let answers = try list(json)
            #expect(answers.map { $0["error"] != nil } == [false, true, false])
            #expect((answers[1]["error"] as? String)?.hasPrefix("broken.png: ") ?? false)
            #expect(try list(place.run("predict run broken.png --json")).count == 1)

            try place.fail("predict run images/*.jpeg", "images/*.jpeg: the pattern matches no file")
            try place.fail("predict run @gone.txt", "gone.txt: the list cannot be read")
            // Pipes that nobody writes to or reads from are no place to wait.
            #expect(mkfifo(place.path + "/pipe", 0o600) == 0)
            try place.fail("predict run @pipe", "pipe: the list cannot be read")
            try place.fail("predict run pipe", "pipe: ")
            try place.fail("predict run images/a.png --csv pipe", "pipe: cannot write the file")
            try FileManager.default.createDirectory(atPath: place.path + "/empty", withIntermediateDirectories: true)
            try place.fail("predict run empty", "empty: the folder holds no images")
        }

        @Test func commaSeparatedValuesHoldEveryProbability() throws {
            let outcome = try place.run("predict run images --csv answers.csv")
            #expect(outcome.code == 0 && outcome.output == "written to answers.csv: 4 images\n")
            let text = try place.text("answers.csv")
            let lines = text.split(separator: "\n")
            #expect(lines[0] == "image,predicted,probability,p(0),p(1),p(2),p(3),p(4),p(5),p(6),p(7),p(8),p(9)")
            #expect(lines.count == 5 && lines[4].hasPrefix("\"images/c, d.png\","))
            let cells = lines[1].split(separator: ",").map(String.init)
            let values = cells.dropFirst(3).compactMap { Double($0) }
            #expect(values.count == 10 && abs(values.reduce(0, +) - 1) < 1e-5)
            let named = try #require(Int(cells[1]))
            #expect(Double(cells[2]) == values.max() && values[named] == values.max())
            #expect(try place.run("predict run images --csv -").output == text)
            try place.fail("predict run images --csv missing/a.csv", "missing/a.csv")
            try place.fail("predict run images --csv a.csv --json", "--json and --csv exclude each other")
        }

        @Test func theNumberOfClassesIsBounded() throws {
            try place.fail("predict run images --top 0", "--top is 0, expected at least 1")
            try place.fail("predict run images --top -3", "--top is -3, expected at least 1")
            let all = try list(place.run("predict run images/a.png --json --top 1000"))
            #expect((all[0]["classes"] as? [Any])?.count == 10)
        }

        @Test func manyImagesGiveTheAnswersOfEachAlone() throws {
            for index in 0..<70 {
                try PNG.write(
                    "\(place.path)/many/\(1000 + index).png", width: 8, height: 8, .gray, label: 1, index: index)
            }
            let lines = try place.run("predict run many --csv -").output.split(separator: "\n")
            #expect(lines.count == 71)
            for index in [0, 31, 32, 69] {
                let one = try place.run("predict run many/\(1000 + index).png --csv -").output.split(separator: "\n")
                let (a, b) = (one[1].split(separator: ","), lines[index + 1].split(separator: ","))
                #expect(a[0] == b[0] && a[1] == b[1])
                let (alone, among) = (try #require(Double(a[2])), try #require(Double(b[2])))
                #expect(abs(alone - among) < 1e-5)
            }
        }
    }
}
