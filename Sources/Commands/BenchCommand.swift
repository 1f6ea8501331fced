import ArgumentParser
import JSON
import Reporting
import Tensors
import Training

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Times training steps and inference of a configuration's model, or a single operation.",
        discussion: """
            A step is forward, backward, clip and optimizer on random images. The peak is what multiply-adds of this \
            program reach on the same threads in the same run. For detectors, what it takes to load a batch of the \
            configuration's data is timed as well.

            With --operation no configuration is needed: one of \(OperationBenchmark.Name.words) is timed forward and \
            backward, of the size that detectors have it at 320 x 320 pixels.

            EXAMPLES:
              trainer bench Configs/cifar10-nano.yaml
              trainer bench Configs/cifar10-pico.yaml --batch 64 --threads 1 --json
              trainer bench --operation convolution3x3 --batch 4
            """)

    @Argument(help: "The configuration, a YAML file or a run folder.", completion: .config)
    var config: String?

    @OptionGroup var overrides: Overrides

    @OptionGroup var size: StepSize

    @Option(parsing: .unconditional, help: "Steps to time.")
    var steps = 20

    @Flag(help: "Time inference alone; peak memory is then that of inference.")
    var inferenceOnly = false

    @Option(
        help: ArgumentHelp("Time one operation in place of a model.", valueName: "name"),
        completion: .list(OperationBenchmark.Name.allCases.map(\.rawValue)))
    var operation: String?

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    func validate() throws {
        try size.check(steps: steps, most: 1_000_000)
        try ThreadsOption.check(size.threads)
        guard let operation else {
            guard config != nil else {
                throw ValidationError("there is nothing to time, expected a configuration or --operation NAME")
            }
            return
        }
        guard OperationBenchmark.Name(rawValue: operation) != nil else {
            throw ValidationError("--operation is \(operation), expected one of \(OperationBenchmark.Name.words)")
        }
        if config != nil || inferenceOnly || !overrides.values.isEmpty {
            throw ValidationError(
                "--operation stands alone, expected no configuration, --set or --inference-only with it")
        }
    }

    func run() throws {
        let console = Console()
        if let name = operation.flatMap({ OperationBenchmark.Name(rawValue: $0) }) {
            ThreadsOption.use(size.threads, console)
            StopRequest.listen(training: false)
            let result = try OperationBenchmark.run(name, batch: size.batch ?? 4, steps: steps)
            return console.text(json ? result.json.text(pretty: true) : result.text)
        }
        guard let config else { return }
        let recipe = try openRecipe(config, overrides.values, console)
        ThreadsOption.use(size.threads, recipe, console)
        for notice in recipe.outline.notices where !recipe.notices.contains(notice) { console.notice(notice) }
        StopRequest.listen(training: false)
        let result = try StepBenchmark.run(
            recipe, batch: size.batch ?? recipe.training.batchSize, steps: steps, trains: !inferenceOnly,
            console: progressConsole(json: json))
        if let problem = result.dataProblem { console.notice("loading the data is not timed: \(problem)") }
        if json { console.text(encode(result).text(pretty: true)) } else { console.text(render(result)) }
    }

    private func milliseconds(_ seconds: Double) -> String { NumberText.fixed(seconds * 1000, decimals: 2) }

    private func render(_ result: StepBenchmark.Result) -> String {
        func row(_ name: String, _ times: StepBenchmark.Times, _ rate: Double) -> [String] {
            [
                name, milliseconds(times.median), milliseconds(times.lowerQuartile), milliseconds(times.upperQuartile),
                NumberText.grouped(Int(bounded: Double(result.batch) / times.median)),
                NumberText.fixed(rate / 1e9, decimals: 1),
                NumberText.percentage(rate / result.peakRate, decimals: 1),
            ]
        }
        let summary = Table(
            columns: ["", "median ms", "quartile", "quartile", "images/s", "GFLOP/s", "of the peak"],
            rows: (result.training.map { [row("training step", $0, result.trainingRate)] } ?? [])
                + [row("inference", result.inference, result.inferenceRate)])
        let steps = Double(result.profiledSteps)
        let whole = result.parts?.seconds.reduce(0) { $0 + $1.seconds } ?? 0
        var parts = (result.parts?.seconds ?? []).map { part -> [String] in
            // Of a detector, what anchors and regions are taken for is decided on the way to the loss.
            let name = part.name == "loss" && result.reading != nil ? "assignment and loss" : part.name
            return [name, milliseconds(part.seconds), NumberText.percentage(part.seconds / whole, decimals: 1)]
        }
        if let reading = result.reading {
            parts.append(["objects out of an answer", milliseconds(reading.median), ""])
        }
        if let data = result.data { parts.append(["data, on a thread of its own", milliseconds(data.median), ""]) }
        let partTable = Table(columns: [Table.Column("part", .left), "ms", "share of a step"], rows: parts)
        let total = result.operations.reduce(0) { $0 + $1.entry.forwardSeconds + $1.entry.backwardSeconds }
        let operations = Table(
            columns: [Table.Column("operation", .left), "calls", "forward ms", "backward ms", "share"],
            rows: result.operations.map { operation, entry in
                [
                    operation.name, String(entry.calls / result.profiledSteps),
                    milliseconds(entry.forwardSeconds / steps),
                    milliseconds(entry.backwardSeconds / steps),
                    NumberText.percentage((entry.forwardSeconds + entry.backwardSeconds) / total, decimals: 1),
                ]
            })
        return """
            batch \(result.batch), \(result.threads) threads, \(result.classes) classes, \(NumberText.grouped(result.parameters)) parameters, \
            \(NumberText.grouped(result.multiplyAdds)) multiply-adds per image
            peak of this machine's multiply-adds \(NumberText.fixed(result.peakRate / 1e9, decimals: 0)) GFLOP/s
            peak memory \(Int(bounded: result.peakMemoryMB)) MB, tensor pool \(result.poolBytes >> 20) MB

            \(summary.render())\(parts.isEmpty ? "" : "\n" + partTable.render())
            \(result.training == nil ? "" : operations.render())
            """
    }

    private func encode(_ result: StepBenchmark.Result) -> JSONValue {
        func times(_ times: StepBenchmark.Times, _ rate: Double) -> JSONValue {
            [
                "medianSeconds": .number(times.median), "lowerQuartileSeconds": .number(times.lowerQuartile),
                "upperQuartileSeconds": .number(times.upperQuartile),
                "imagesPerSecond": .number(Double(result.batch) / times.median), "flops": .number(rate),
                "shareOfPeak": .number(rate / result.peakRate),
            ]
        }
        let steps = Double(result.profiledSteps)
        return [
            "batch": .integer(result.batch), "threads": .integer(result.threads),
            "classes": .integer(result.classes), "parameters": .integer(result.parameters),
            "multiplyAdds": .integer(result.multiplyAdds),
            "peakFlops": .number(result.peakRate), "peakMemoryMB": .number(result.peakMemoryMB),
            "poolBytes": .integer(result.poolBytes),
            "training": result.training.map { times($0, result.trainingRate) } ?? .null,
            "inference": times(result.inference, result.inferenceRate),
            "parts": .object((result.parts?.seconds ?? []).map { JSONValue.Member($0.name, .number($0.seconds)) }),
            "readingSeconds": .optional(result.reading?.median), "dataSeconds": .optional(result.data?.median),
            "operations": .array(
                result.operations.map { operation, entry in
                    [
                        "name": .string(operation.name), "calls": .integer(entry.calls / result.profiledSteps),
                        "forwardSeconds": .number(entry.forwardSeconds / steps),
                        "backwardSeconds": .number(entry.backwardSeconds / steps),
                    ]
                }),
        ]
    }
}
