import ArgumentParser
import Checkpoints

/// The option --set of commands that read a configuration.
struct Overrides: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value, null takes it away; may be repeated.", valueName: "key=value"))
    var values: [String] = []
}

/// The options with which a saved run goes on.
struct ResumeOptions: ParsableArguments {
    @Flag(help: "Continue the run in the folder where it was saved last.")
    var resume = false

    @Flag(help: "With --resume: go on although the configuration differs from the run's.")
    var force = false

    /// - Parameter overwrite: the command's own option.
    func mode(overwrite: Bool) -> RunDirectory.Mode { resume ? .resume : overwrite ? .overwrite : .new }

    /// - Parameter overwrite: the command's own option.
    func check(overwrite: Bool) throws {
        if resume && overwrite {
            throw ValidationError("--resume and --overwrite exclude each other; give one of them")
        }
        if force && !resume { throw ValidationError("--force needs --resume") }
    }
}

/// The size of the steps of commands that measure some.
struct StepSize: ParsableArguments {
    @Option(parsing: .unconditional, help: "Images per step; training.batchSize by default.")
    var batch: Int?

    @Option(parsing: .unconditional, help: "Threads; training.threads by default, 0 for all processors.")
    var threads: Int?

    /// - Parameter steps: the command's own option, and how many there may be.
    func check(steps: Int, most: Int) throws {
        try Commands.check("--batch", batch, in: 1...65_536)
        try Commands.check("--steps", steps, in: 1...most)
    }
}
