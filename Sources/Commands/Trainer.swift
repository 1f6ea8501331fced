// Commands: one file for each, which reads a command line, asks the libraries, and prints; nothing is computed here.

import ArgumentParser
import Configuration
import Reporting
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The program `trainer` with all its commands.
public struct Trainer: ParsableCommand {
    /// Name, help and commands, as ArgumentParser reads them.
    public static let configuration = CommandConfiguration(
        commandName: "trainer",
        abstract: "Trains, distils, measures and explains image classifiers on a CPU, from one configuration file.",
        discussion: """
            EXAMPLES:
              trainer train Configs/digits.yaml
              trainer train Configs/digits.yaml --set training.epochs=5 --set run.seed=1
              trainer distill Configs/distill/digits.yaml
              trainer evaluate Runs/digits
              trainer predict Runs/digits digit.png
              trainer inspect Configs/imagenet-tiny-7x7.yaml
              trainer report Runs/digits
              trainer export Runs/digits --onnx digits.onnx
              trainer sweep Configs/digits.yaml --vary optimizer.learningRate=1e-3,3e-3
              trainer doctor

            Completion of commands, options and files in your shell, zsh, bash or fish:
              trainer --generate-completion-script zsh
            """,
        version: "trainer \(ProgramVersion.current)", subcommands: commands)

    /// What ArgumentParser makes a command of.
    public init() {}

    private static let commands: [any ParsableCommand.Type] = [
        TrainCommand.self, DistillCommand.self, OrderCommand.self, FlatnessCommand.self, EvaluateCommand.self,
        PredictCommand.self, InspectCommand.self, CheckGradientsCommand.self, CheckParityCommand.self,
        BenchCommand.self, BenchConvolutionCommand.self, ReportCommand.self, ConfigCommand.self, ModelsCommand.self,
        DoctorCommand.self,
        SweepCommand.self, FindLearningRateCommand.self, ProfileCommand.self, InspectDataCommand.self,
        ExportCommand.self, LaunchCommand.self, AverageCommand.self,
    ]

    /// Says which command a misspelt one may stand for.
    private static func checkCommandName() throws {
        guard let name = CommandLine.arguments.dropFirst().first, !name.hasPrefix("-") else { return }
        let names = commands.compactMap { $0.configuration.commandName } + ["help"]
        if names.contains(name) { return }
        let meant =
            nearest(name, in: names).map { "did you mean '\($0)'?" }
            ?? "expected one of \(names.joined(separator: ", "))"
        throw ValidationError("unknown command '\(name)', \(meant)")
    }

    /// Reads the command line; an option that a command does not have is told before anything else that is wrong.
    private static func parsed() throws -> any ParsableCommand {
        do { return try parseAsRoot() } catch {
            guard exitCode(for: error) != .success,
                let sentence = UnknownOption(help: _dumpHelp(), arguments: CommandLine.arguments)?.sentence
            else { throw error }
            throw ValidationError(sentence)
        }
    }

    /// Runs the command line. Every mistake of a user's ends in one sentence on the error output and exit code 1.
    public static func main() {
        Console.reserveStandardStreams()
        Console.ignoreClosedPipes()
        // A file beyond the limit of `ulimit -f` is then an error of `write`, told like that of a full disk.
        signal(SIGXFSZ, SIG_IGN)
        do {
            try checkCommandName()
            var command = try parsed()
            try command.run()
        } catch let code as ExitCode {
            exit(withError: code)
        } catch let stop as Interrupted {
            let console = Console()
            console.finish()
            console.line("\(stop), go on with:")
            console.text("  " + Interrupted.resumeCommand(CommandLine.arguments))
            exit(withError: ExitCode(stop.exitCode))
        } catch let stop as Stopped {
            let console = Console()
            console.finish()
            console.line("\(stop)")
            exit(withError: ExitCode(stop.exitCode))
        } catch {
            if exitCode(for: error) == .success { exit(withError: error) }
            let console = Console()
            console.finish()
            if exitCode(for: error) == .validationFailure {
                console.error(message(for: error))
            } else if let error = error as? ConfigurationError {
                for problem in error.description.split(separator: "\n") { console.error(String(problem)) }
            } else {
                console.error("\(error)")
            }
            exit(withError: ExitCode.failure)
        }
    }
}
