import Foundation
import Testing

extension Program {
    /// Work that takes its time, what comes after it, and run folders in the place of files.
    @Suite struct LongWork {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        @Test func theEndOfARunSaysHowToGoOn() throws {
            let outcome = try place.run("train small.yaml")
            #expect(outcome.output.contains("report                      Runs/small/report.html\n"))
            for command in [
                "predict Runs/small IMAGE...", "evaluate Runs/small", "export Runs/small --onnx small.onnx",
            ] {
                #expect(outcome.output.contains("trainer \(command)\n"), "\(outcome.output)")
            }
            // A finished run is shown as it was at its end.
            let again = try place.run("train small.yaml --resume")
            let table = try #require(outcome.output.range(of: "result\n"))
            #expect(
                again.output == "the run in Runs/small is finished; nothing is left to do\n"
                    + outcome.output[table.lowerBound...])
            let json = try place.run("train small.yaml --resume --json")
            let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect(
                value?["testAccuracy"] as? Double == (try place.json("Runs/small/summary.json"))["testAccuracy"]
                    as? Double)
            let without = try place.run("train small.yaml --output plain --set reporting.htmlReport=false")
            #expect(!without.output.contains("report.html"))
        }

        @Test func aDryRunRefusesWhatTheRunWouldRefuse() throws {
            #expect(try place.run("train small.yaml --output run").code == 0)
            let line = "train small.yaml --output run --resume --set training.epochs=7"
            let real = try place.fail(line, "training.epochs: 2 -> 7")
            #expect(try place.fail(line + " --dry-run", "training.epochs: 2 -> 7").failures == real.failures)
            let forced = try place.run(line + " --dry-run --force")
            #expect(forced.code == 0 && forced.errors.contains("training.epochs: 2 -> 7"))
            #expect(try place.run("train small.yaml --output new --resume --dry-run").code == 0 && !place.exists("new"))
        }

        @Test func aRunFolderStandsForItsConfigurationAndWeights() throws {
            #expect(try place.run("train small.yaml --output run").code == 0)
            let inspected = try place.run("inspect run")
            #expect(inspected.code == 0 && inspected.output.contains("8x8, 1 channel\n") && inspected.errors.isEmpty)
            #expect(inspected.output == (try place.run("inspect run/weights/best.safetensors")).output)
            #expect(try place.run("config run/").output.contains("# run/config.yaml:"))
            for line in [
                "flatness run --directions 1 --points 3", "bench run --steps 1", "profile run --steps 1",
                "find-lr run --updates 20", "inspect-data run", "check-gradients run --set model.depths=[1,1]",
                "export run --onnx run.onnx", "train small.yaml --output taught --teacher run",
                "train small.yaml --output tuned --set model.weights=run",
                "sweep run --vary run.seed=1 --set training.epochs=1",
            ] {
                let outcome = try place.run(line)
                #expect(outcome.code == 0, "\(line): \(outcome.errors)")
            }
            #expect(
                place.exists("find-lr-run.html") && place.exists("inspect-run.png") && place.exists("Runs/sweep-run"))
            // A run of a distillation names the student's data.
            #expect(try place.run("evaluate taught").code == 0)
        }

        @Test func whatCannotBeWrittenIsToldBeforeTheWork() throws {
            for line in [
                "find-lr small.yaml --output missing/a.html", "inspect-data small.yaml --output missing/a.png",
                "profile small.yaml --trace missing/a.json",
            ] {
                #expect(try place.fail(line, "missing/a.").output.isEmpty, "\(line)")
            }
        }

        @Test(arguments: [
            ("find-lr small.yaml --updates 100000 --from 1e-9 --to 2e-9", "fewer --updates take less time"),
            ("flatness run --directions 100000", "fewer --directions, --points or --images take less time"),
            ("bench small.yaml --steps 1000000", "fewer --steps or a smaller --batch take less time"),
            ("sweep small.yaml --vary run.seed=1,2 --set training.epochs=1000", "everything is saved, go on with:"),
        ])
        func aSignalEndsItWithWhatToDoNext(line: String, advice: String) throws {
            signal(SIGINT, SIG_DFL)
            if line.hasPrefix("flatness") {
                #expect(try place.run("train small.yaml --output run --set training.epochs=1").code == 0)
            }
            let process = try place.start(line.split(separator: " ").map(String.init))
            if line.hasPrefix("sweep") {
                while process.isRunning, !place.exists("Runs/sweep-small/run.seed=1/state") { usleep(10_000) }
            } else {
                // Until it listens to the signal, and the work has begun.
                let status = "/proc/\(process.processIdentifier)/status"
                func listens() throws -> Bool {
                    let lines = try String(contentsOfFile: status, encoding: .utf8).split(separator: "\n")
                    let caught = lines.first { $0.hasPrefix("SigCgt:") }?.split(separator: "\t").last ?? ""
                    return UInt64(caught, radix: 16).map { $0 >> UInt64(SIGINT - 1) & 1 == 1 } ?? false
                }
                while process.isRunning, try !listens() { usleep(10_000) }
                usleep(300_000)
            }
            kill(process.processIdentifier, SIGINT)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 130)
            let output = try place.text(".out")
            #expect(output.contains("stopped by SIGINT") && output.contains(advice), "\(output)")
            if line.hasPrefix("sweep") {
                #expect(output.contains("trainer \(line)\n") && !output.contains("--resume"))
            }
        }

        @Test func aRandomSweepIsTheSameForTheSameSeed() throws {
            let line =
                "sweep small.yaml --random 3 --seed 5 --vary optimizer.learningRate=1e-4..1e-2:log "
                + "--vary model.dropPath=0,0.1 --set training.epochs=1 --set reporting.htmlReport=false"
            let first = try place.run(line)
            #expect(first.code == 0 && first.output.contains("arm 3/3: "), "\(first.errors)")
            #expect(first.output.contains("[2/3]  epoch 1/1"))
            let again = try place.run(line)
            #expect(again.output.components(separatedBy: "finished already").count == 4)
            try place.fail("sweep small.yaml --random 9 --vary run.seed=1,2", "2 combinations only")
        }
    }
}
