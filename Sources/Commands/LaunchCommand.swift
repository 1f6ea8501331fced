import ArgumentParser
import Distributed
import Foundation
import Tasks
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch", abstract: "Starts a command as several processes of this machine that share its work.",
        discussion: """
            This is `mpirun -n RANKS trainer COMMAND --distributed`, with whatever mpirun is installed. For several machines \
            call mpirun or srun yourself, see Docs/Cluster.md.

            EXAMPLES:
              trainer launch --ranks 2 -- train Configs/digits.yaml --set training.slices=4
            """)

    @Option(parsing: .unconditional, help: "How many processes; they must divide training.slices.")
    var ranks: Int

    @Argument(parsing: .postTerminator, help: "train, distill or evaluate, with what belongs to it.")
    var command: [String] = []

    func validate() throws {
        try check("--ranks", ranks, in: 1...4096)
        guard let first = command.first, ["train", "distill", "evaluate"].contains(first) else {
            throw ValidationError(
                "found \(command.first.map { "'\($0)'" } ?? "nothing") behind --, expected train, distill or evaluate")
        }
        if let sentence = Launcher.undeclared() { throw ValidationError(sentence) }
    }

    /// Puts the launcher in this process's place.
    func run() throws {
        guard let launcher = Self.find(["mpirun", "mpiexec"]) else {
            throw RecipeError("no mpirun is installed, expected that of Open MPI (openmpi-bin) or MPICH (mpich)")
        }
        let program = Self.own
        var words = [launcher, "-n", "\(ranks)", program] + command
        if !command.contains("--distributed") { words.append("--distributed") }
        var arguments = words.map { strdup($0) } + [nil]
        execv(launcher, &arguments)
        throw RecipeError("\(launcher) cannot be started: \(String(cString: strerror(errno)))")
    }

    /// The file of this program.
    private static var own: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// The first of these programs in the folders where the shell looks.
    private static func find(_ names: [String]) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return names.lazy.flatMap { name in folders.map { "\($0)/\(name)" } }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
