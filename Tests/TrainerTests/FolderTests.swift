import Foundation
import Testing

extension Program {
    /// Folders of images as people keep them, through the whole program.
    @Suite struct Folders {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        private func write(_ folder: String, _ classes: [String], _ count: Int, seed: Int = 0) throws {
            for (label, name) in classes.enumerated() {
                for i in 0..<count {
                    try PNG.write(
                        "\(place.path)/\(folder)/\(name)/\(i).png", width: 8, height: 8, .gray, label: label,
                        index: seed + i)
                }
            }
        }

        @Test func withoutATestPartAllResultsAreOfValidation() throws {
            try write("d/train", ["a", "b"], 12)
            try write("d/valid", ["a", "b"], 4, seed: 20)
            let line = "train small.yaml --set data.path=d --set optimizer.ema.decay=0.5 --output run"
            let outcome = try place.run(line + " --set reporting.testEveryEpoch=true")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(
                outcome.output.contains(
                    "24 training, 8 validation images, 2 classes (test: none, results are of validation)"))
            #expect(outcome.output.contains("validation accuracy (last epoch)"))
            #expect(outcome.output.contains("none, results are of validation"))
            #expect(outcome.errors.contains("reporting.testEveryEpoch has no effect"))
            let summary = try place.json("run/summary.json")
            #expect(summary["testAccuracy"] is NSNull && summary["bestTestAccuracy"] is NSNull)
            #expect(summary["validationAccuracy"] as? Double != nil && summary["validationLoss"] as? Double != nil)
            let page = try place.text("run/report.html")
            #expect(page.contains("8 validation images") && page.contains("Validation, last epoch"))
            #expect(!page.contains("test images"))

            #expect(try place.run("report run --tensorboard").code == 0)
            let measured = try place.run("evaluate run --data small.yaml --set data.path=d --json")
            #expect(measured.code == 0 && measured.output.contains("\"images\": 8"))
            #expect(measured.errors.contains("d has no test part, so its validation part (8 images) is measured"))
            let flatness = try place.run("flatness run --data small.yaml --set data.path=d --directions 1 --points 3")
            #expect(flatness.code == 0 && flatness.errors.contains("d has no test part"))
            let sweep = try place.run(
                "sweep small.yaml --set data.path=d --set training.epochs=1 --vary run.seed=0,1 --output s")
            #expect(sweep.code == 0 && sweep.output.contains("validation, last epoch"), "\(sweep.errors)")
            #expect(try place.run("report run s/run.seed=0 --output both.html").code == 0)
            #expect(try place.run("inspect-data small.yaml --set data.path=d").code == 0)
        }

        @Test func aDistillationWithoutATestPartIsMeasuredByValidation() throws {
            try write("d/train", ["a", "b"], 12)
            try write("d/valid", ["a", "b"], 4, seed: 20)
            #expect(try place.run("train small.yaml --set data.path=d --set run.seed=3 --output t").code == 0)
            try place.write(
                "chain.yaml",
                smallConfiguration.replacing("path: digits", with: "path: d") + """

                    student: {start: scratch}
                    pool:
                      teachers:
                        - {name: teacher, weights: t/weights/best.safetensors}
                    order: [teacher]
                    stage: {epochs: 1}
                    """)
            let outcome = try place.run("distill chain.yaml --compare --output c")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("validation, last epoch"))
            let comparison = try place.json("c/comparison.json")
            #expect(comparison["part"] as? String == "validation")
            let arms = try #require(comparison["arms"] as? [[String: Any]])
            #expect(arms.allSatisfy { $0["validationAccuracy"] != nil && $0["testAccuracy"] == nil })
            #expect(try place.text("c/report.html").contains("train − validation"))
            let stages = try place.text("c/compare/seed-0/progressive/stages.json")
            #expect(stages.contains("validationAccuracyAfter"))
        }

        @Test func aFolderWithoutPartsIsMeasuredWholeUnlessItWasTrainedOn() throws {
            try write("own", ["a", "b"], 10)
            try write("other", ["b", "a"], 10, seed: 30)
            try write("few", ["a"], 10, seed: 60)
            #expect(try place.run("train small.yaml --set data.path=own --output run").code == 0)
            for (path, count, notice) in [
                ("own", 2, "so 2 of its 20 images"), ("other", 20, "so all its 20 images are measured"),
                ("few", 10, "so all its 10 images are measured"),
            ] {
                let outcome = try place.run("evaluate run --data small.yaml --set data.path=\(path) --json")
                #expect(outcome.output.contains("\"images\": \(count)"), "\(path): \(outcome.output)")
                #expect(outcome.errors.contains(notice), "\(path): \(outcome.errors)")
            }
        }

        @Test func oneClassIsRefusedForTrainingAlone() throws {
            try write("d/train", ["a"], 10)
            try write("d/test", ["a"], 2)
            try place.fail("train small.yaml --set data.path=d", "d has one class only, a, with 9 training images")
            let found = try place.run("inspect-data small.yaml --set data.path=d")
            #expect(found.code == 0 && found.errors.contains("d has one class only"))
        }

        @Test func brokenTrainingImagesAreNamedAtOnce() throws {
            try write("d/train", ["a", "b"], 40)
            try write("d/test", ["a", "b"], 2)
            for name in ["a/7", "b/31", "b/33"] {
                let path = "d/train/\(name).png"
                let whole = try place.data(path)
                try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: "\(place.path)/\(path)"))
            }
            // Found by the statistics, and with given statistics in the middle of an epoch.
            for more in ["", " --set data.mean=[0.5] --set data.deviation=[0.5] --set training.loaderThreads=2"] {
                let outcome = try place.fail(
                    "train small.yaml --set data.path=d --set data.validation=0 --overwrite" + more,
                    "data.onBroken: skip leaves them out")
                for name in ["a/7.png", "b/31.png", "b/33.png"] {
                    #expect(outcome.errors.contains(name), "\(outcome.errors)")
                }
            }
        }

        @Test func imagesThatAreThereTwiceAreCounted() throws {
            try write("d/train", ["a", "b"], 6)
            try write("d/test", ["a", "b"], 2, seed: 40)
            func copy(_ from: String, _ to: String) throws {
                try place.write("d/\(to)", [UInt8](try place.data("d/\(from)")))
            }
            try copy("train/a/0.png", "test/a/x.png")
            try copy("train/a/1.png", "test/b/x.png")
            try copy("train/b/2.png", "train/a/x.png")
            let line = "inspect-data small.yaml --set data.path=d --set data.validation=0"
            let text = try place.run(line).output
            #expect(text.contains("of the test images are in the training part as well"))
            #expect(text.contains("(contradictory labels): d/train/b/2.png = d/train/a/x.png"))
            let json = try #require(
                JSONSerialization.jsonObject(with: Data(place.run(line + " --json").output.utf8)) as? [String: Any])
            let found = try #require(json["duplicates"] as? [String: [[String: Any]]])
            let shared = try #require(found["acrossParts"]?.first)
            #expect(shared["inAnotherClass"] as? Int == 1)
            #expect(shared["images"] as? Int ?? 0 >= 2)
            #expect(found["withinParts"]?.first?["inAnotherClass"] as? Int == 1)
        }
    }
}
