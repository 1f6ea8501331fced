import Foundation
import Testing

extension Program {
    @Suite struct Train {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        @Test func aRunIsTrainedEvaluatedPredictedAndInspected() throws {
            let train = try place.run("train small.yaml --set reporting.logEverySeconds=0.1 --set training.batchSize=8")
            #expect(train.code == 0, "\(train.errors)")
            #expect(train.errors.isEmpty)
            #expect(train.output.contains("epoch 2/2  loss "))
            // Plain lines with the time left, and nothing that steers a terminal.
            #expect(train.output.contains("  left "))
            #expect(!train.output.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
            let accuracy = try #require(place.json("Runs/small/summary.json")["testAccuracy"] as? Double)

            let weights = "Runs/small/weights/last.safetensors"
            let evaluate = try place.run("evaluate \(weights) --data small.yaml --json")
            let result = try object(evaluate)
            #expect(result["accuracy"] as? Double == accuracy)
            #expect(result["images"] as? Int == 360)
            #expect((result["perClass"] as? [Any])?.count == 10)
            #expect(try place.run("evaluate \(weights) --data small.yaml").output.contains("top-5"))

            try PNG.write(place.path + "/a.png", width: 20, height: 12, .rgba, label: 1, index: 0)
            let predict = try place.run("predict \(weights) a.png a.png --json --top 10")
            let images = try #require(
                try JSONSerialization.jsonObject(with: Data(predict.output.utf8)) as? [[String: Any]])
            #expect(images.count == 2)
            let classes = try #require(images[0]["classes"] as? [[String: Any]])
            let sum = classes.compactMap { $0["probability"] as? Double }.reduce(0, +)
            #expect(abs(sum - 1) < 1e-5)
            #expect(try place.run("predict \(weights) a.png").output.contains("a.png"))
            // A run folder stands for its best weights.
            let best = try place.run("predict Runs/small/weights/best.safetensors a.png --json --top 10")
            #expect(try place.run("predict Runs/small a.png --json --top 10").output == best.output)

            let inspect = try object(try place.run("inspect \(weights) --json"))
            #expect(inspect["parameters"] as? Int == 5734)
            let moved = try place.run(
                "inspect small.yaml --set data.path=/nowhere --set model.classes=10 --set model.inputChannels=1")
            #expect(moved.output.contains("5,734") && moved.errors.isEmpty)
        }

        private func object(_ outcome: Workplace.Outcome) throws -> [String: Any] {
            #expect(outcome.code == 0, "\(outcome.errors)")
            return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        }

        @Test func aKilledRunGoesOnToTheSameWeightsAndAFullDiskLosesNothing() throws {
            let options = "--set training.saveEveryUpdates=3 --set training.epochs=8"
            #expect(try place.run("train small.yaml \(options) --output whole").code == 0)
            for _ in 0..<2 {
                let states = try? FileManager.default.contentsOfDirectory(atPath: place.path + "/cut/state").max()
                let process = try place.start(
                    "train small.yaml \(options) --output cut --resume".split(separator: " ").map(String.init))
                // Until it has saved twice more.
                let goal = (states.flatMap { Int($0) } ?? 0) + 3
                while process.isRunning, !place.exists("cut/state/" + String(format: "%08d", goal)) { usleep(1000) }
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                #expect(process.terminationReason == .uncaughtSignal)
            }
            #expect(!place.exists("cut/summary.json"))
            try place.fail("train small.yaml \(options) --output cut --resume", "cannot write the file", fileLimit: 1)
            let resumed = try place.run("train small.yaml \(options) --output cut --resume --set training.threads=1")
            #expect(resumed.code == 0)
            #expect(resumed.errors.contains("notice: continuing cut after update"))
            for name in ["last", "best"] {
                #expect(
                    try place.data("whole/weights/\(name).safetensors") == place.data("cut/weights/\(name).safetensors")
                )
            }
            let again = try place.run("train small.yaml \(options) --output cut --resume")
            #expect(again.code == 0)
            #expect(again.output.contains("the run in cut is finished; nothing is left to do"))
        }

        @Test func aSignalSavesAndTellsHowToGoOn() throws {
            // Enough epochs that the signal surely comes in the middle.
            let options = "--set training.epochs=12"
            // Work in the background, or that outlives its terminal, is started without them, which the program would respect.
            signal(SIGINT, SIG_DFL)
            signal(SIGHUP, SIG_DFL)
            #expect(try place.run("train small.yaml \(options) --output whole").code == 0)
            for (end, code) in [(SIGTERM, Int32(143)), (SIGINT, 130), (SIGHUP, 129)] {
                let run = "cut\(code)"
                let process = try place.start(
                    "train small.yaml \(options) --output \(run)".split(separator: " ").map(String.init))
                while process.isRunning, !place.exists(run + "/state") { usleep(1000) }
                kill(process.processIdentifier, end)
                process.waitUntilExit()
                #expect(process.terminationReason == .exit)
                #expect(process.terminationStatus == code)
                let output = try place.text(".out")
                #expect(output.contains("everything is saved, go on with:"), "\(output)")
                #expect(output.contains("train small.yaml \(options) --output \(run) --resume"), "\(output)")
                #expect(!place.exists(run + "/summary.json"))
                #expect(try place.run("train small.yaml \(options) --output \(run) --resume").code == 0)
                let (whole, cut) = (
                    try place.data("whole/weights/last.safetensors"), try place.data(run + "/weights/last.safetensors")
                )
                #expect(whole == cut, "signal \(end)")
            }
        }

        @Test func anExistingRunIsRefusedAndKeptUntilNothingElseIsWrong() throws {
            #expect(try place.run("train small.yaml --output run --set training.epochs=1").code == 0)
            let before = try place.data("run/weights/last.safetensors")
            try place.fail(
                "train small.yaml --output run",
                "already holds a run, continue it with --resume or replace it with --overwrite")
            try place.fail(
                "train small.yaml --output run --overwrite --set data.path=gone", "gone: this does not exist")
            try place.fail("train small.yaml --output run --overwrite --set model.classes=3", "digits has 10 classes")
            try place.fail("train small.yaml --output run --resume --overwrite", "exclude each other")
            #expect(try place.data("run/weights/last.safetensors") == before)
            let other = try place.run(
                "train small.yaml --output run --overwrite --set training.epochs=1 --set run.seed=1")
            #expect(other.code == 0)
            #expect(try place.data("run/weights/last.safetensors") != before)
        }

        @Test func aDryRunTellsEverythingAndWritesNothing() throws {
            let outcome = try place.run(
                "train small.yaml --dry-run --set training.batchSize=5000 --set schedule.warmupEpochs=9")
            #expect(outcome.code == 0)
            #expect(outcome.output.contains("1294 training, 143 validation, 360 test images, 10 classes"))
            #expect(outcome.output.contains("5,734 parameters"))
            #expect(
                outcome.errors.contains(
                    "notice: The training set has 1294 images, fewer than training.batchSize (5000)"))
            #expect(outcome.errors.contains("notice: A warm-up of 9 updates"))
            #expect(!place.exists("Runs"))
        }

        @Test func aCopyOfTheProgramWorksAlone() throws {
            let trainer = try #require(Workplace.trainer)
            try FileManager.default.copyItem(atPath: trainer, toPath: place.path + "/copy")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: place.path + "/copy")
            process.arguments = ["train", "small.yaml", "--set", "training.epochs=1"]
            process.currentDirectoryURL = URL(fileURLWithPath: place.path)
            process.environment = [:]
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(place.exists("Runs/small/summary.json"))
        }
    }

    @Suite struct StrangersImages {
        private let place: Workplace

        init() throws { place = try Workplace() }

        /// Trains for one epoch with nothing but the path set.
        private func train(_ configuration: String, _ more: String = "") throws -> Workplace.Outcome {
            let outcome = try place.run(
                "train \(Workplace.configurations)/\(configuration).yaml --set data.path=images --set training.epochs=1 "
                    + "--output run --overwrite \(more)")
            #expect(outcome.code == 0, "\(outcome.errors)")
            return outcome
        }

        @Test(arguments: ["digits", "cifar10-pico"])
        func grayImagesOf28x28InTwoClassesTrain(configuration: String) throws {
            for part in ["train", "test"] {
                for i in 0..<12 {
                    try PNG.write(
                        "\(place.path)/images/\(part)/\(i % 2 == 0 ? "cat" : "dog")/\(i).png", width: 28, height: 28,
                        .gray,
                        label: i % 2, index: i / 2)
                }
            }
            let outcome = try train(configuration)
            #expect(outcome.output.contains("2 classes"))
            let weights = "run/weights/last.safetensors"
            let prediction = try place.run("predict \(weights) images/test/cat/0.png")
            #expect(prediction.output.contains("cat") && prediction.output.contains("dog"))
            #expect(try place.run("evaluate \(weights) --data run/config.yaml").output.contains("images  12"))
            try place.fail(
                "evaluate \(weights) --data \(Workplace.configurations)/digits.yaml",
                "digits: the weights do not know the classes '0', '1',")
        }

        @Test func fiveImagesOfAnySizeAndKindTrain() throws {
            let kinds: [(Int, Int, PNG.Color)] = [
                (9, 30, .gray), (64, 20, .rgb), (7, 7, .rgba), (33, 1, .rgba), (40, 40, .rgb),
            ]
            for (i, kind) in kinds.enumerated() {
                try PNG.write(
                    "\(place.path)/images/\(["a", "b"][i % 2])/\(i).png", width: kind.0, height: kind.1, kind.2,
                    label: i % 2,
                    index: i)
            }
            let outcome = try train("cifar10-pico")
            #expect(outcome.errors.contains("has no test part"))
            #expect(outcome.errors.contains("so every epoch is one short batch"))
            #expect(try place.json("run/summary.json")["updates"] as? Int == 1)
            _ = try train("digits", "--set data.validation=0")
        }
    }
}
