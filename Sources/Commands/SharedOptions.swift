import ArgumentParser
import Checkpoints
import Layers
import Reporting
import Tensors
import Training

/// The option --set of commands that read a configuration.
struct Overrides: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value, null takes it away; may be repeated.", valueName: "key=value"),
        completion: .settings)
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

extension TrainingSection.Precision: ExpressibleByArgument {}

/// The option --precision of commands that ask a model.
struct InferencePrecision: ParsableArguments {
    @Option(help: "Matrix products in single precision, or with operands in bfloat16 and single-precision sums.")
    var precision = TrainingSection.Precision.fp32

    /// The weights as they are asked, each brought into the order of its products once.
    func packed(_ store: ParameterStore<Float>, _ console: Console) -> PackedWeights {
        if precision == .bf16, let notice = BFloat16Rate.notice("--precision bf16") { console.notice(notice) }
        return PackedWeights(store.flat, precision.products)
    }
}
