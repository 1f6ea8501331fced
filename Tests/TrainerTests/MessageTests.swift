import Foundation
import Testing

extension Program {
    /// What is said of a command line that is not right, and of help.
    @Suite struct Messages {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        @Test(arguments: [
            ("train small.yaml --epochs 5", "did you mean --set training.epochs=5?"),
            ("train small.yaml --epochs=5", "did you mean --set training.epochs=5?"),
            ("train --lr 1e-3", "did you mean --set optimizer.learningRate=1e-3?"),
            ("train small.yaml --batch-size 32", "did you mean --set training.batchSize=32?"),
            ("train small.yaml --batch 32", "did you mean --set training.batchSize=32?"),
            ("train small.yaml --workers 4", "did you mean --set training.loaderThreads=4?"),
            ("train small.yaml --seed 1", "did you mean --set run.seed=1?"),
            ("train small.yaml --model resnet20", "did you mean --set model.name=resnet20?"),
            ("train small.yaml --data photos", "did you mean --set data.path=photos?"),
            ("train small.yaml --imgsz 224", "did you mean --set data.imageSize='[224]'?"),
            ("train small.yaml --amp", "did you mean --set training.precision=bf16?"),
            ("train small.yaml --name mine", "did you mean --output Runs/mine?"),
            ("train small.yaml --device cpu", "training is done by the processor"),
            ("train --config small.yaml", "the configuration stands without an option: small.yaml"),
            ("train small.yaml --dropPath 0.1", "did you mean --set model.dropPath=0.1?"),
            ("train small.yaml --dryrun", "did you mean --dry-run?"),
            ("train small.yaml --resum", "did you mean --resume?"),
            ("export small.yaml --onx a", "Unknown option '--onx', did you mean --onnx?"),
            ("export small.yaml --coreml a", "Unknown option '--coreml'"),
            ("sweep small.yaml --epochs 5", "did you mean --set training.epochs=5?"),
            ("train small.yaml epochs=5", "did you mean --set training.epochs=5?"),
            ("predict --source a.png", "images stand without an option: a.png"),
        ])
        func anUnknownOptionIsNamedFirstWithTheRightOne(line: String, advice: String) throws {
            let outcome = try place.fail(line, advice)
            #expect(outcome.errors.contains("Unknown option '--") || outcome.errors.contains("Unexpected argument '"))
        }

        @Test(arguments: [
            ("inspect small.yaml --depth -1", "--depth is -1, expected at least 0"),
            ("bench small.yaml --batch -4", "--batch is -4, expected at least 1"),
            ("profile small.yaml --steps -1", "--steps is -1, expected at least 1"),
            ("bench small.yaml --threads 9999", "--threads is 9999, expected 0 (all processors) to 1024"),
            ("profile small.yaml --threads -2", "--threads is -2, expected 0 (all processors) to 1024"),
            ("find-lr small.yaml --from -1", "--from is -1.0"),
            ("sweep small.yaml --vary run.seed=1,2 --random 0", "--random is 0, expected at least 1"),
            ("sweep small.yaml --vary run.seed=1,2 --seed 3", "--seed goes with --random"),
            ("sweep small.yaml --vary run.seed=1..9", "a range goes with --random N"),
        ])
        func numbersOutOfRangeAreNamed(line: String, sentence: String) throws { try place.fail(line, sentence) }

        @Test func keysOfOtherProgramsAreKnown() throws {
            try place.fail(
                "train small.yaml --set optimizer.lr=1", "unknown key `lr` in `optimizer`, did you mean `learningRate`?"
            )
            try place.fail("train small.yaml --set bs=1", "did you mean `training.batchSize`?")
            let varied = try place.fail(
                "sweep small.yaml --vary optimizer.lr=1,2", "--vary optimizer.lr=1: unknown key `lr`")
            #expect(!varied.errors.contains("--set"))
        }

        @Test func foldersWhereAConfigurationIsExpected() throws {
            try FileManager.default.createDirectory(atPath: place.path + "/photos", withIntermediateDirectories: true)
            for command in ["train", "distill", "inspect-data", "config", "bench", "find-lr"] {
                try place.fail("\(command) photos/", "use a preset with --set data.path=photos")
            }
            #expect(try place.run("train small.yaml --set training.epochs=1").code == 0)
            try place.fail(
                "train Runs/small", "is a run folder; go on with it by `trainer train Runs/small/config.yaml")
        }

        @Test func moreThreadsThanProcessorsAreWarnedOf() throws {
            let processors = ProcessInfo.processInfo.activeProcessorCount
            let outcome = try place.run("bench small.yaml --threads \(processors + 1) --steps 1 --batch 2")
            #expect(outcome.code == 0 && outcome.errors.contains("warning: \(processors + 1) threads share"))
            #expect(try place.run("bench small.yaml --threads 0 --steps 1 --batch 2").errors.isEmpty)
        }

        /// Prose is wrapped by the program alone, and example commands stand on one line each.
        @Test func helpIsWrappedOnce() throws {
            let overview = try place.run("--help").output
            let part = try #require(overview.range(of: "SUBCOMMANDS:"))
            let names = overview[part.upperBound...].split(separator: "\n").compactMap { line -> String? in
                guard line.hasPrefix("  "), let third = line.dropFirst(2).first, third != " " else { return nil }
                return line.split(separator: " ").first.map(String.init)
            }.filter { $0 != "See" }
            #expect(names.count >= 18)
            for arguments in [["--help"]] + names.map({ [$0, "--help"] }) {
                let text = try place.run(arguments).output
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                let usage = try #require(lines.firstIndex { $0.hasPrefix("USAGE:") })
                let examples = try #require(lines.firstIndex(of: "EXAMPLES:"))
                for (index, line) in lines.enumerated() where index != usage {
                    #expect(line.count <= 80, "\(arguments[0]): \(line)")
                }
                for line in lines[(examples + 1)...].prefix(while: { !$0.isEmpty }) {
                    let begins = ["  trainer ", "  mpirun ", "    --"].contains { line.hasPrefix($0) }
                    #expect(begins, "\(arguments[0]): \(line)")
                }
                // A line of prose ends where the next word has no room.
                for (line, next) in zip(lines[..<examples], lines[1...examples]) where !line.isEmpty && !next.isEmpty {
                    let word = next.split(separator: " ").first.map(String.init) ?? ""
                    #expect(line.count + 1 + word.count >= 80, "\(arguments[0]): \(line)")
                }
            }
        }
    }
}
