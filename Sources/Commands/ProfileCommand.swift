import ArgumentParser
import Autograd
import Checkpoints
import JSON
import Reporting
import Tensors
import Training

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "Shows where the time of training steps goes, by operation and by layer.",
        discussion: """
            Steps are made on random images; the data is not opened. Bytes are those of the results (forward) and of \
            the gradients of the operands (backward), GB/s both over the time. The peak is what multiply-adds in single \
            precision reach on the same threads; a step counts as three forward passes. --trace writes a file for chrome://tracing or \
            https://ui.perfetto.dev.

            EXAMPLES:
              trainer profile Configs/digits.yaml
              trainer profile Configs/cifar10-nano.yaml --depth 3 --steps 5
              trainer profile Configs/digits.yaml --trace steps.json --json
            """)

    @Argument(help: "The configuration, a YAML file or a run folder.", completion: .config)
    var config: String

    @OptionGroup var overrides: Overrides

    @OptionGroup var size: StepSize

    @Option(parsing: .unconditional, help: "Steps to profile.")
    var steps = 10

    @Option(
        parsing: .unconditional, help: "How many words of a layer's path count: 1 for stages, 2 for stages.0, ...")
    var depth = 2

    @Option(
        help: ArgumentHelp("Write all events as a Chrome trace.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var trace: String?

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    func validate() throws {
        try size.check(steps: steps, most: 100_000)
        try check("--depth", depth, in: 1...100)
        try ThreadsOption.check(size.threads)
    }

    func run() throws {
        let console = Console()
        let recipe = try openRecipe(config, overrides.values, console)
        // Whether it can be written shows before the work.
        if let trace { try AtomicFile.check(trace) }
        ThreadsOption.use(size.threads, recipe, console)
        StopRequest.listen(training: false)
        let profile = try StepProfile(
            recipe, batch: size.batch ?? recipe.training.batchSize, steps: steps, console: progressConsole(json: json))
        if json { console.text(encode(profile).text(pretty: true)) } else { console.text(render(profile)) }
        if let trace {
            try AtomicFile.write(trace, profile.trace(depth: depth).text() + "\n")
            if !json { console.line("written to \(trace)") }
        }
    }

    private func render(_ profile: StepProfile) -> String {
        let total = profile.operations.reduce(0) { $0 + $1.entry.seconds }
        func table(
            _ title: String, _ rows: [(name: String, entry: StepProfile.Entry)], _ shares: [String: Double]
        ) -> String {
            let steps = Double(profile.steps)
            let milliseconds = { (seconds: Double) in NumberText.fixed(seconds / steps * 1000, decimals: 3) }
            let megabytes = { (bytes: Int) in NumberText.fixed(Double(bytes) / steps / 1e6, decimals: 2) }
            return Table(
                columns: [
                    Table.Column(title, .left), "calls", "forward ms", "backward ms", "share", "forward MB",
                    "backward MB", "GB/s", "of the peak",
                ],
                rows: rows.map { name, entry in
                    [
                        name.isEmpty ? "(outside of layers)" : name, "\(entry.calls / profile.steps)",
                        milliseconds(entry.forwardSeconds), milliseconds(entry.backwardSeconds),
                        NumberText.percentage(entry.seconds / max(total, 1e-12), decimals: 1),
                        megabytes(entry.forwardBytes), megabytes(entry.backwardBytes),
                        NumberText.fixed(Double(entry.bytes) / max(entry.seconds, 1e-12) / 1e9, decimals: 1),
                        shares[name].map { NumberText.percentage($0, decimals: 0) } ?? "",
                    ]
                }
            ).render()
        }
        return """
            batch \(profile.batch), \(profile.threads) threads, \(profile.steps) steps, \
            \(NumberText.fixed(profile.secondsPerStep * 1000, decimals: 2)) ms per step, \
            tensor pool \(profile.poolBytes >> 20) MB

            \(table("operation", profile.operations, profile.operationShares))
            \(table("layer", profile.layers(depth: depth).map { ($0.path, $0.entry) }, profile.layerShares(depth: depth)))
            """
    }

    private func encode(_ profile: StepProfile) -> JSONValue {
        let steps = Double(profile.steps)
        func list(
            _ key: String, _ rows: [(name: String, entry: StepProfile.Entry)], _ shares: [String: Double]
        ) -> JSONValue {
            .array(
                rows.map { name, entry in
                    .object([
                        .init(key, .string(name)), .init("calls", .integer(entry.calls / profile.steps)),
                        .init("forwardSeconds", .number(entry.forwardSeconds / steps)),
                        .init("backwardSeconds", .number(entry.backwardSeconds / steps)),
                        .init("forwardBytes", .integer(entry.forwardBytes / profile.steps)),
                        .init("backwardBytes", .integer(entry.backwardBytes / profile.steps)),
                        .init("shareOfPeak", shares[name].map { .number($0) } ?? .null),
                    ])
                })
        }
        return [
            "batch": .integer(profile.batch), "threads": .integer(profile.threads), "steps": .integer(profile.steps),
            "secondsPerStep": .number(profile.secondsPerStep), "poolBytes": .integer(profile.poolBytes),
            "peakFlops": .number(profile.peakRate),
            "operations": list("name", profile.operations, profile.operationShares),
            "layers": list(
                "path", profile.layers(depth: depth).map { ($0.path, $0.entry) }, profile.layerShares(depth: depth)),
        ]
    }
}
