import ArgumentParser
import Reporting

@main
struct Trainer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trainer",
        abstract: "Trains HorNet image classifiers on a CPU, from one configuration file.",
        discussion: """
            Examples:
              trainer train Configs/digits.yaml
              trainer train Configs/digits.yaml --set training.epochs=5 --set run.seed=1
              trainer evaluate Runs/digits/weights/best.safetensors --data Configs/digits.yaml
              trainer predict Runs/digits/weights/best.safetensors digit.png
              trainer inspect Configs/imagenet-tiny-7x7.yaml
            """,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, PredictCommand.self, InspectCommand.self,
            CheckGradientsCommand.self, CheckParityCommand.self, BenchCommand.self,
        ])

    /// Runs the command line. Every mistake of a user's ends in one sentence on the error output and exit code 1.
    static func main() {
        Console.ignoreClosedPipes()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let code as ExitCode {
            exit(withError: code)
        } catch {
            if exitCode(for: error) == .success { exit(withError: error) }
            let console = Console()
            console.finish()
            if exitCode(for: error) == .validationFailure {
                console.error(message(for: error))
                console.text("see: trainer --help")
            } else {
                console.error("\(error)")
            }
            exit(withError: ExitCode.failure)
        }
    }
}
