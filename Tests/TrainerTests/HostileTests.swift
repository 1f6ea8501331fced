import Foundation
import Testing

extension Workplace {
    /// Runs a script of bash in which `$TRAINER` is the program; ended by SIGKILL after `seconds`.
    func shell(_ script: String, seconds: Int = 120) throws -> Outcome {
        let trainer = try #require(Self.trainer, "the trainer was not built beside the tests")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [
            "-c", "timeout -s KILL \(seconds) bash -c \"$1\" > .out 2> .err", "bash", script,
        ]
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        var environment = ProcessInfo.processInfo.environment
        environment["TRAINER"] = trainer
        environment["SWIFT_BACKTRACE"] = "enable=no"
        process.environment = environment
        try process.run()
        process.waitUntilExit()
        return Outcome(code: process.terminationStatus, output: try text(".out"), errors: try text(".err"))
    }
}

extension Program {
    /// Files, arguments and surroundings that nobody means well with: one sentence each, no trap and no waiting.
    @Suite struct Hostile {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write(
                "tiny.yaml",
                """
                data: {path: digits, imageSize: [8, 8], augmentation: none, flip: 0}
                model: {name: resnet, baseWidth: 2, depths: [1], stem: small}
                training: {epochs: 1, batchSize: 256}
                """)
        }

        private func trained() throws {
            #expect(try place.run("train tiny.yaml --output run").code == 0)
        }

        /// The weights with another text in their header, of any length.
        private func forge(_ name: String, _ old: String, _ new: String) throws {
            let data = try place.data("run/weights/best.safetensors")
            let size = Int(data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
            let header = String(decoding: data[8..<8 + size], as: UTF8.self)
            #expect(header.contains(old), "\(header.prefix(600))")
            let changed = Array(header.replacing(old, with: new).utf8)
            let length = withUnsafeBytes(of: UInt64(changed.count).littleEndian, Array.init)
            try place.write(name, length + changed + Array(data[(8 + size)...]))
        }

        @Test func everyCommandRefusesWeightsThatCannotBe() throws {
            try trained()
            try forge("deep.safetensors", #"\"depths\":[1]"#, #"\"depths\":[4611686018427387904]"#)
            try forge("wide.safetensors", #"\"baseWidth\":2"#, #"\"baseWidth\":4096"#)
            try PNG.write(place.path + "/a.png", width: 8, height: 8, .gray, label: 1, index: 0)
            for (name, sentence) in [("deep", "model.depths is"), ("wide", "the entries do not fit the model")] {
                let file = name + ".safetensors"
                try place.fail("predict \(file) a.png", sentence)
                try place.fail("evaluate \(file) --data tiny.yaml", sentence)
                try place.fail("inspect \(file)", sentence)
                try place.fail("export \(file) --onnx o.onnx", sentence)
                try place.fail("flatness \(file) --data tiny.yaml", sentence)
                try place.fail("train tiny.yaml --output t-\(name) --teacher \(file)", sentence)
            }
        }

        @Test func valuesThatAreNotFiniteAreRefusedByEveryCommand() throws {
            try trained()
            var data = try place.data("run/weights/best.safetensors")
            // All numbers of the file at once.
            let size = Int(data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
            let header = try #require(
                try JSONSerialization.jsonObject(with: data[8..<8 + size]) as? [String: Any])
            let entry = try #require(header["conv1.weight"] as? [String: Any])
            let start = 8 + size + (try #require((entry["data_offsets"] as? [Int])?.first))
            data.replaceSubrange(start..<start + 4, with: withUnsafeBytes(of: Float.nan, Array.init))
            try place.write("nan.safetensors", Array(data))
            try PNG.write(place.path + "/a.png", width: 8, height: 8, .gray, label: 1, index: 0)
            let sentence = "nan.safetensors: the entry conv1.weight holds a value of 18 that is not finite"
            for line in [
                "predict nan.safetensors a.png", "evaluate nan.safetensors --data tiny.yaml",
                "export nan.safetensors --onnx n.onnx", "export nan.safetensors --safetensors n.safetensors",
                "flatness nan.safetensors --data tiny.yaml",
                "train tiny.yaml --output s --set model.weights=nan.safetensors",
                "train tiny.yaml --output t --teacher nan.safetensors",
            ] { try place.fail(line, sentence) }
            #expect(!place.exists("n.onnx") && !place.exists("n.safetensors"))
        }

        @Test func aPredictionThatIsNoNumberIsNoClass() throws {
            try trained()
            // A batch that was prepared elsewhere, of infinities.
            let values = [Float](repeating: .infinity, count: 64).withUnsafeBytes(Array.init)
            let header = Array(#"{"images":{"dtype":"F32","shape":[1,1,8,8],"data_offsets":[0,256]}}"#.utf8)
            let size = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init)
            try place.write("inf.safetensors", size + header + values)
            for format in ["", " --json", " --json --logits"] {
                let outcome = try place.fail(
                    "predict run --prepared inf.safetensors" + format, "outputs for this image are not finite")
                #expect(!outcome.output.contains("nan") && !outcome.output.contains("null"))
            }
        }

        @Test func filesThatAreNoWeightsAreNamedForWhatTheyAre() throws {
            try place.write("w.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
            try place.write("page.safetensors", "<!DOCTYPE html><html></html>")
            try place.write("old.pth", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20])
            for (file, sentence) in [
                ("w.safetensors", "git lfs pull"), ("page.safetensors", "a web page"),
                ("old.pth", "Scripts/convert_checkpoint.py"),
            ] {
                try place.fail("predict \(file) a.png", sentence)
                try place.fail("inspect \(file)", sentence)
                try place.fail("train tiny.yaml --set model.weights=\(file)", sentence)
                try place.fail("train tiny.yaml --teacher \(file)", sentence)
            }
        }

        @Test func closedStreamsLeaveTheRunsFilesAlone() throws {
            let closed = try place.shell("$TRAINER train tiny.yaml --output a <&- >&- 2>&-")
            #expect(closed.code == 0)
            let half = try place.shell("$TRAINER train tiny.yaml --output b >&- 2>&-")
            #expect(half.code == 0)
            for run in ["a", "b"] {
                let lines = try place.text("\(run)/metrics.jsonl").split(separator: "\n")
                #expect(lines.count == 1)
                #expect(lines.allSatisfy { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil })
                #expect(try place.data("\(run)/.hornbeam").isEmpty)
            }
            // An error still has an exit code.
            #expect(try place.shell("$TRAINER train none.yaml <&- >&- 2>&-").code == 1)
        }

        @Test func pipesAndDevicesAreRefusedEverywhere() throws {
            try trained()
            #expect(mkfifo(place.path + "/pipe.yaml", 0o600) == 0)
            #expect(mkfifo(place.path + "/pipe.safetensors", 0o600) == 0)
            try place.write("e.yaml", "extends: pipe.yaml\n")
            for (arguments, sentence) in [
                ("config pipe.yaml", "pipe.yaml: this is a named pipe"), ("train pipe.yaml", "this is a named pipe"),
                ("train e.yaml", "but this is a named pipe"), ("config /dev/zero", "/dev/zero: this is a device"),
                ("predict pipe.safetensors a.png", "pipe.safetensors: this is a named pipe"),
                ("inspect pipe.safetensors", "this is a named pipe"),
                ("train tiny.yaml --set model.weights=pipe.safetensors", "this is a named pipe"),
                ("train tiny.yaml --set data.path=pipe.yaml", "pipe.yaml: this is a file"),
                ("predict run pipe.yaml", "pipe.yaml"), ("evaluate run --data pipe.yaml", "this is a named pipe"),
            ] {
                let outcome = try place.shell("$TRAINER \(arguments)", seconds: 20)
                #expect(outcome.code == 1 && outcome.errors.contains(sentence), "\(arguments): \(outcome)")
            }
            for name in ["summary.json", "metrics.jsonl", "config.yaml", "order.json"] {
                #expect(try place.shell("cp -r run copy; rm -f copy/\(name); mkfifo copy/\(name)").code == 0)
                let outcome = try place.shell("$TRAINER train tiny.yaml --output copy --resume", seconds: 30)
                // A run that is finished needs neither its log nor an order.
                let isNeeded = ["summary.json", "config.yaml"].contains(name)
                #expect(outcome.code == (isNeeded ? 1 : 0), "\(name): \(outcome)")
                let report = try place.shell("$TRAINER report copy", seconds: 30)
                #expect(report.code == 0, "\(name): \(report)")
                try FileManager.default.removeItem(atPath: place.path + "/copy")
            }
            // The standard input is no file, and still a configuration.
            let piped = try place.shell("cat tiny.yaml | $TRAINER config /dev/stdin")
            #expect(piped.code == 0 && piped.output.contains("baseWidth: 2"), "\(piped)")
            #expect(try place.shell("$TRAINER config /dev/stdin < tiny.yaml").output.contains("baseWidth: 2"))
            #expect(try place.shell("$TRAINER config <(cat tiny.yaml)").output.contains("baseWidth: 2"))
        }

        @Test func fewThreadsAreEnough() throws {
            // The administrator is not bound by the limit of processes.
            guard getuid() != 0 else { return }
            let outcome = try place.shell(
                "ulimit -u 1; $TRAINER train tiny.yaml --output run --set training.threads=8", seconds: 60)
            #expect(outcome.code == 0 && outcome.errors.contains("of the 8 threads"), "\(outcome)")
        }

        @Test func tooLittleMemoryIsASentence() throws {
            let outcome = try place.shell(
                "$TRAINER train tiny.yaml --dry-run --set model.baseWidth=4096 --set model.depths=[256,256,256,256]")
            #expect(outcome.code == 1 && outcome.errors.contains("memory"), "\(outcome)")
            #expect(!outcome.errors.contains("Fatal"))
        }

        @Test func recursionEndsInASentence() throws {
            try place.shell("for i in $(seq 0 99); do echo \"extends: $((i+1)).yaml\" > $i.yaml; done")
                .expectSuccess()
            try place.fail("config 0.yaml", "that may extend one another")
            let long = try place.shell("$TRAINER config tiny.yaml --set $(printf 'a.%.0s' {1..9000})b=1")
            #expect(long.code == 1 && long.errors.contains("more than 64 parts"), "\(long.errors.prefix(300))")
            try place.shell("for i in $(seq 1 30000); do echo '%TAG ! tag:x,2000:'; done > d.yaml").expectSuccess()
            try place.fail("config d.yaml", "d.yaml:1:1: a line that begins with % is a directive")
        }

        @Test func namesCannotBreakOutOfWhatIsPrinted() throws {
            let name = "x\nrun: {seed: 77}\n#\u{202E}.yaml"
            try place.write(name, "run: {seed: 1}\n")
            let outcome = try place.run(["config", name])
            #expect(outcome.code == 0)
            #expect(!outcome.output.contains("\nrun: {seed: 77}") && !outcome.output.contains("\u{202E}"))
            try place.write("again.yaml", outcome.output)
            #expect(try place.run("config again.yaml").output.contains("seed: 1 "))
            try place.write("b\u{1B}[2J.yaml", "run: {sed: 1}\n")
            let wrong = try place.run(["config", "b\u{1B}[2J.yaml"])
            #expect(wrong.failures.count == 1 && !wrong.errors.contains("\u{1B}"), "\(wrong.errors)")
        }

        @Test func emptyNamesAndAbsurdNumbersAreRefused() throws {
            for (arguments, sentence) in [
                (["train", "tiny.yaml", "--output", ""], "the name is empty"),
                (["sweep", "tiny.yaml", "--vary", "run.seed=1", "--output", ""], "empty name"),
                (["report", "", "--output", "x"], "no run folder"),
                (["find-lr", "tiny.yaml", "--updates", "20", "--output", ""], "the name is empty"),
                (
                    ["bench", "tiny.yaml", "--threads", "1000000000"],
                    "--threads is 1000000000, expected 0 (all processors) to 1024"
                ),
                (["profile", "tiny.yaml", "--threads", "-1"], "--threads is -1, expected 0 (all processors) to 1024"),
                (["bench", "tiny.yaml", "--batch", "9223372036854775807"], "expected at most 65536"),
                (
                    ["flatness", "x", "--data", "tiny.yaml", "--points", "9223372036854775807"],
                    "expected at most 100000"
                ),
            ] {
                let outcome = try place.run(arguments)
                #expect(outcome.code == 1 && outcome.errors.contains(sentence), "\(arguments): \(outcome.errors)")
            }
        }
    }
}

extension Workplace.Outcome {
    func expectSuccess() { #expect(code == 0, "\(errors)") }
}
