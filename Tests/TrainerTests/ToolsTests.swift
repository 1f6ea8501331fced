import Foundation
import Testing

extension Program {
    /// The commands that explain, measure and compare.
    @Suite struct Tools {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        private func list(_ text: String) throws -> [[String: Any]] {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        }

        @Test func everyCommandHasAnExample() throws {
            let help = try place.run("--help").output
            #expect(help.contains("EXAMPLES:"))
            let part = try #require(help.range(of: "SUBCOMMANDS:"))
            // Two spaces, the name, spaces; longer names stand alone and continued texts are indented further.
            let names = help[part.upperBound...].split(separator: "\n").compactMap { line -> String? in
                guard line.hasPrefix("  "), let third = line.dropFirst(2).first, third != " " else { return nil }
                return line.split(separator: " ").first.map(String.init)
            }.filter { $0 != "See" }
            #expect(names.count >= 18 && names.contains("inspect-data"))
            for name in names {
                let text = try place.run([name, "--help"])
                #expect(text.code == 0 && text.output.contains("EXAMPLES:\n"), "\(name)")
                #expect(text.output.contains("  trainer \(name)"), "\(name)")
            }
        }

        @Test func completionOffersFiles() throws {
            for shell in ["bash", "zsh", "fish"] {
                let script = try place.run("--generate-completion-script \(shell)")
                #expect(script.code == 0 && script.output.contains("yaml") && script.output.contains("safetensors"))
                #expect(script.output.contains("inspect-data"))
            }
        }

        /// As the scripts ask for them: the number of the word, the place in it, and the words.
        @Test func completionOffersKeysAndTheirWordsAfterSet() throws {
            func offered(_ word: String) throws -> [String] {
                let words = ["trainer", "train", "small.yaml", "--set", word]
                let answer = try place.run(
                    ["---completion", "train", "--", "--set", "4", "\(word.utf8.count)"] + words)
                return answer.output.split(separator: "\n").map(String.init)
            }
            let keys = try offered("optimizer.l")
            #expect(
                keys.contains("optimizer.learningRate=") && keys.allSatisfy { $0.hasPrefix("optimizer.l") }, "\(keys)")
            #expect(try offered("model.mixer=di") == ["model.mixer=dilated"])
            #expect(try offered("model.mixer=").count > 15)
            #expect(
                try offered("training.checkpointing=") == [
                    "training.checkpointing=true", "training.checkpointing=false",
                ])
            #expect(try offered("nothing.of=").isEmpty && offered("nothing.of").isEmpty)
        }

        @Test func config() throws {
            let shown = try place.run("config small.yaml --set training.epochs=7")
            #expect(shown.code == 0)
            let lines = shown.output.split(separator: "\n").map(String.init)
            #expect(lines.contains { $0.contains("epochs: 7 ") && $0.hasSuffix("# --set training.epochs=7") })
            #expect(lines.contains { $0.contains("baseWidth: 8 ") && $0.hasSuffix("# small.yaml:4:14") })
            #expect(lines.contains { $0.contains("dropLast: auto ") && $0.hasSuffix("# default") })
            let json = try list(try place.run("config small.yaml --json").output)
            let epochs = try #require(json.first { $0["key"] as? String == "training.epochs" })
            #expect(epochs["value"] as? Int == 2 && epochs["default"] as? Int == 30)
            let reference = try place.run("config --reference").output
            #expect(reference.contains("optimizer.learningRate  a number above 0, default 0.001\n    Learning rate"))
            #expect(try list(try place.run("config --reference --json").output).count > 100)

            try place.fail("config", "give either a configuration or --reference")
            try place.fail("config small.yaml --reference", "give either a configuration or --reference")
            try place.fail("config small.yaml --schema", "--schema goes with --reference")
            try place.fail("config --reference --schema --json", "exclude each other")
            try place.fail("config smal.yaml", "did you mean `small.yaml`?")
        }

        @Test func models() throws {
            let table = try place.run("models hornet_tiny")
            #expect(table.code == 0 && table.output.contains("hornet_tiny_7x7"))
            #expect(!table.output.contains("convnext_tiny"))
            let json = try list(try place.run("models *net50 --json").output)
            #expect(json.count == 1 && json[0]["name"] as? String == "resnet50")
            #expect(json[0]["parameters"] as? Int == 25_557_032)
            try place.fail("models hornet_tny_gf", "did you mean hornet_tiny_gf?")
        }

        @Test func doctor() throws {
            let shown = try place.run("doctor")
            #expect(shown.code == 0 && shown.output.contains("oneDNN") && shown.output.contains("libpng"))
            let json = try object(try place.run("doctor --json").output)
            #expect((json["peakFlops"] as? Double ?? 0) > 1e8)
            let libraries = try #require(json["libraries"] as? [String: String])
            for name in ["oneDNN", "FFTW", "libjpeg-turbo", "libpng", "zlib"] {
                #expect(libraries[name]?.contains(/^\d+\.\d+/) == true, "\(name)")
            }
            try place.fail("doctor small.yaml", "small.yaml")
        }

        @Test func sweepGoesOnWhereItStopped() throws {
            let line = "sweep small.yaml --vary optimizer.learningRate=1e-3,4e-3 --vary run.seed=0,1 --output s"
            // One arm of the four is there already.
            #expect(
                try place.run(
                    ["train", "small.yaml", "--set", "optimizer.learningRate=4e-3", "--set", "run.seed=0", "--output"]
                        + ["s/optimizer.learningRate=4e-3,run.seed=0"]
                ).code == 0)
            let first = try place.run(line)
            #expect(first.code == 0, "\(first.errors)")
            #expect(first.output.components(separatedBy: "finished already").count == 2)
            // Of a few validation images either rate may be the better; either is said in full.
            #expect(first.output.contains("optimizer.learningRate=4e-3") && first.output.contains(" ± "))
            #expect(first.output.contains("no winner") || first.output.contains("beyond the error"))
            let page = try place.text("s/sweep.html")
            #expect(page.contains("href=\"optimizer.learningRate=4e-3,run.seed=1/report.html\""))
            #expect(page.contains("<section id=\"keys\">") && page.contains("<section id=\"curves\">"))
            try FileManager.default.removeItem(atPath: "\(place.path)/s/sweep.html")
            #expect(try place.run("report s/").output.contains("written to s/sweep.html"))
            #expect(try place.text("s/sweep.html") == page)
            let saved = try place.text("s/sweep.json")
            let again = try place.run(line + " --json")
            #expect(again.output == saved)
            #expect(again.errors.components(separatedBy: "finished already").count == 5)
            // An arm that broke off before its end goes on from its saved state.
            let lost = "s/optimizer.learningRate=1e-3,run.seed=1/summary.json"
            let summary = try place.json(lost)
            try FileManager.default.removeItem(atPath: "\(place.path)/\(lost)")
            let resumed = try place.run(line)
            #expect(resumed.output.components(separatedBy: "finished already").count == 4)
            #expect(try place.json(lost)["testAccuracy"] as? Double == summary["testAccuracy"] as? Double)
            #expect(try place.json(lost)["updates"] as? Int == summary["updates"] as? Int)
            #expect(!resumed.output.contains("epoch 1/2"))
            let groups = try #require(try object(saved)["groups"] as? [[String: Any]])
            #expect(groups.compactMap { $0["runs"] as? Int } == [2, 2])
            let accuracy = try #require(groups[1]["testAccuracy"] as? [String: Double])
            let runs = try [0, 1].map {
                try #require(
                    try place.json("s/optimizer.learningRate=4e-3,run.seed=\($0)/summary.json")["testAccuracy"]
                        as? Double)
            }
            #expect(abs(try #require(accuracy["mean"]) - (runs[0] + runs[1]) / 2) < 1e-12)
            #expect(abs(try #require(accuracy["deviation"]) - abs(runs[0] - runs[1]) / 2.0.squareRoot()) < 1e-9)

            try place.fail(line + " --set training.epochs=1", "choose another folder with --output")
            try place.fail("sweep small.yaml", "Missing --vary")
            try place.fail("sweep small.yaml --vary run.sed=1", "did you mean `seed`?")
            try place.fail("sweep small.yaml --vary run.seed=1,x", "`run.seed` is `x`")
            try place.fail(
                "sweep \(Workplace.configurations)/distill/digits.yaml --vary run.seed=1", "pool of teachers")
        }

        @Test func sweepOutlivesAnArmThatDiverges() throws {
            let line = "sweep small.yaml --vary optimizer.learningRate=1e30,4e-3 --set training.epochs=1 --output s"
            let outcome = try place.run(line)
            #expect(outcome.code == 0 && outcome.errors.contains("optimizer.learningRate=1e30 failed"))
            #expect(outcome.output.contains("0 (1 failed)"))
            let only = "sweep small.yaml --vary optimizer.learningRate=1e30 --set training.epochs=1 --output t"
            try #expect(place.run(only).code == 1)
        }

        @Test func findLearningRate() throws {
            let shown = try place.run("find-lr small.yaml --from 1e-4 --to 100 --updates 60 --output rates.html")
            #expect(shown.code == 0, "\(shown.errors)")
            #expect(shown.output.contains("Suggestion: optimizer.learningRate="))
            #expect(shown.output.contains("diverged") || shown.output.contains("no numbers any more"))
            #expect(shown.output.contains("\nnext    trainer train small.yaml --set optimizer.learningRate="))
            // The same settings, and the found rate in place of one that was given.
            let other = try place.run(
                "find-lr small.yaml --set training.threads=1 --set optimizer.learningRate=1 --from 1e-4 --to 100 --updates 60 --output b.html"
            )
            let next = try #require(other.output.split(separator: "\n").first { $0.hasPrefix("next ") })
            #expect(next.contains(" small.yaml --set training.threads=1 --set optimizer.learningRate="))
            #expect(next.components(separatedBy: "learningRate").count == 2, "\(next)")
            let page = try place.text("rates.html")
            #expect(page.contains("<svg") && page.contains("suggestion"))
            let line = "find-lr small.yaml --from 1e-4 --to 1e-3 --updates 20 --json"
            let json = try place.run(line)
            #expect((try object(json.output)["points"] as? [Any])?.count == 20)
            #expect(try place.run(line + " --set training.threads=1").output == json.output)
            #expect(!place.exists("find-lr-small.html") && !place.exists("Runs"))
            try place.fail("find-lr small.yaml --from 0", "--from is 0")
            try place.fail("find-lr small.yaml --from 1 --to 0.1", "--to is 0.1")
            try place.fail("find-lr small.yaml --updates 3", "--updates is 3, expected 20 to 100000")
        }

        @Test func profile() throws {
            let shown = try place.run("profile small.yaml --steps 2 --trace trace.json")
            #expect(shown.code == 0 && shown.output.contains("stages.1") && shown.output.contains("backward MB"))
            #expect(try #require(try place.json("trace.json")["traceEvents"] as? [Any]).count > 20)
            let json = try object(try place.run("profile small.yaml --steps 2 --depth 1 --json").output)
            #expect(try #require(json["layers"] as? [[String: Any]]).contains { $0["path"] as? String == "stages" })
            try place.fail("profile small.yaml --steps 0", "--steps is 0, expected at least 1")
            try place.fail("profile small.yaml --trace missing/trace.json", "missing")
        }

        @Test func inspectData() throws {
            let digits = try place.run("inspect-data small.yaml")
            #expect(digits.code == 0 && digits.output.contains("written to inspect-small.png"))
            #expect(try place.data("inspect-small.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))

            for i in 0..<12 {
                try PNG.write(
                    "\(place.path)/images/\(["a", "b", "b"][i % 3])/\(i).png", width: 8, height: 6 + i % 2, .gray,
                    label: i % 2, index: i)
            }
            let line = "inspect-data small.yaml --set data.path=images --set data.validation=0 --output grid.png"
            let sound = try place.run(line)
            #expect(sound.code == 0 && sound.output.contains("2, 8x6 to 8x7"))
            #expect(sound.output.contains("the largest class has 2."))
            #expect(sound.output.contains("input 8x8; cut is the part of an image's area that is lost"))
            try place.write("images/a/3.png", "this is no image")
            let whole = try place.data("images/b/4.png")
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: place.path + "/images/b/4.png"))
            let broken = try place.fail(line, "images: 2 of 12 images cannot be read")
            #expect(broken.output.contains("images/a/3.png") && broken.output.contains("images/b/4.png"))
            let parts = try #require(try object(try place.run(line + " --json").output)["parts"] as? [[String: Any]])
            #expect(parts.first.flatMap { $0["cut"] as? [String: Double] }?["largest"] == 0.25)
            let names = parts.flatMap { $0["broken"] as? [[String: String]] ?? [] }.compactMap { $0["name"] }
            #expect(names.sorted() == ["images/a/3.png", "images/b/4.png"])
            try place.fail("inspect-data small.yaml --set data.path=gone", "gone: this does not exist")
            try place.fail("inspect-data small.yaml --limit 0", "--limit is 0, expected at least 1")
            try place.fail("inspect-data small.yaml --columns 0", "--columns is 0, expected 1 to 64")
        }
    }
}
