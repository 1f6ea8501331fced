import ArgumentParser
import Checkpoints
import JSON
import Reporting
import Tensors
import Training

struct FindLearningRateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find-lr",
        abstract: "Looks for a learning rate: a short training in which it grows until the loss diverges.",
        discussion: """
            The model is trained from its first weights, each update with a larger learning rate. The suggestion is a \
            tenth of the rate with the lowest smoothed loss. Nothing but the picture is written.

            EXAMPLES:
              trainer find-lr Configs/digits.yaml
              trainer find-lr Configs/digits.yaml --from 1e-5 --to 1 --updates 200
              trainer find-lr Configs/cifar10-pico.yaml --output rates.html --json
            """)

    @Argument(help: "The configuration, a YAML file or a run folder.", completion: .config)
    var config: String

    @OptionGroup var overrides: Overrides

    @Option(
        name: .customLong("from"), parsing: .unconditional,
        help: ArgumentHelp("The first learning rate.", valueName: "rate"))
    var low = 1e-6

    @Option(
        name: .customLong("to"), parsing: .unconditional,
        help: ArgumentHelp("The last learning rate.", valueName: "rate"))
    var high = 1.0

    @Option(parsing: .unconditional, help: "How many updates the ramp has.")
    var updates = 100

    @Option(
        help: ArgumentHelp(
            "The picture, a page; find-lr-<name of the configuration>.html by default.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var output: String?

    @Flag(help: "Print JSON instead of a table; the picture is written with --output alone.")
    var json = false

    func validate() throws {
        guard low > 0, low.isFinite else { throw ValidationError("--from is \(low), expected a number above 0") }
        guard high > low, high.isFinite else {
            throw ValidationError("--to is \(high), expected a number above --from (\(low))")
        }
        guard (20...100_000).contains(updates) else {
            throw ValidationError("--updates is \(updates), expected 20 to 100000")
        }
    }

    func run() throws {
        let file = try OpenedRecipe.file(config)
        if try DistillationRecipe.isOne(file, overrides: overrides.values) {
            throw ValidationError("\(config) has a pool of teachers, expected a configuration of trainer train")
        }
        let console = Console()
        let recipe = try openRecipe(config, overrides.values, console, data: true)
        let path = output ?? "find-lr-\(stem(config)).html"
        let writesPage = !json || output != nil
        // Whether it can be written shows before the work.
        if writesPage { try AtomicFile.check(path) }
        StopRequest.listen(training: false)
        let found = try LearningRateFinder(range: low...high, updates: updates).run(
            recipe, console: progressConsole(json: json))
        console.text(json ? encode(found).text(pretty: true) : render(found))
        guard writesPage else { return }
        try AtomicFile.write(path, page(found, recipe))
        if !json { console.line("written to \(path)") }
    }

    private func rate(_ value: Double) -> String { NumberText.scientific(value, decimals: 2) }

    private func sentence(_ found: LearningRateFinder.Result) -> String {
        let last = found.points.last.map { rate($0.learningRate) } ?? "-"
        let end =
            switch found.end {
            case .complete: "The loss did not diverge up to \(last)."
            case .diverged: "The loss diverged at \(last)."
            case .notFinite: "Loss or gradients were no numbers any more after \(last)."
            }
        guard let suggestion = found.suggestion else {
            return end + " It never fell clearly, so there is no suggestion; try more updates or a wider range."
        }
        return end + " Suggestion: optimizer.learningRate=\(rate(suggestion))"
    }

    /// The command that learns with what was found.
    private func next(_ found: LearningRateFinder.Result) -> String? {
        guard let suggestion = found.suggestion else { return nil }
        let settings = overrides.values.filter { !$0.hasPrefix("optimizer.learningRate=") }
        let words = settings + ["optimizer.learningRate=\(rate(suggestion))"]
        return (["trainer train", ShellWord.quoted(config)] + words.map { "--set " + ShellWord.quoted($0) }).joined(
            separator: " ")
    }

    private func render(_ found: LearningRateFinder.Result) -> String {
        // About twenty rows tell the curve.
        let every = max(1, found.points.count / 20)
        let rows = found.points.indices.filter { $0 % every == 0 || $0 == found.points.count - 1 }.map { index in
            let point = found.points[index]
            return [
                "\(index + 1)", rate(point.learningRate), NumberText.fixed(point.loss, decimals: 4),
                NumberText.fixed(point.smoothed, decimals: 4),
                point == found.lowest ? "lowest" : point == found.steepest ? "steepest" : "",
            ]
        }
        var lines = [Table(columns: ["update", "learning rate", "loss", "smoothed", ""], rows: rows).render()]
        for (name, point) in [("steepest", found.steepest), ("lowest", found.lowest)] {
            if let point {
                let loss = NumberText.fixed(point.smoothed, decimals: 4)
                lines.append("\(name) at \(rate(point.learningRate)), smoothed loss \(loss)")
            }
        }
        lines.append(sentence(found))
        if let next = next(found) { lines.append("next    " + next) }
        return lines.joined(separator: "\n")
    }

    private func page(_ found: LearningRateFinder.Result, _ recipe: Recipe) -> String {
        var notes: [(learningRate: Double, text: String)] = []
        if let lowest = found.lowest { notes.append((lowest.learningRate, "lowest " + rate(lowest.learningRate))) }
        if let suggestion = found.suggestion { notes.append((suggestion, "suggestion " + rate(suggestion))) }
        return LearningRatePage.html(
            title: stem(config), lead: sentence(found),
            facts: [
                ("Model", recipe.model.name), ("Data", recipe.data.path), ("Batch", "\(recipe.training.batchSize)"),
                ("Updates", "\(found.points.count)"), ("Suggestion", found.suggestion.map { rate($0) } ?? "none"),
            ], command: command, learningRates: found.points.map(\.learningRate),
            losses: found.points.map(\.loss), smoothed: found.points.map(\.smoothed), notes: notes)
    }

    /// What repeats the search.
    private var command: String {
        var words = ["trainer find-lr", ShellWord.quoted(config)]
        words += overrides.values.map { "--set " + ShellWord.quoted($0) }
        if low != 1e-6 { words.append("--from \(low)") }
        if high != 1 { words.append("--to \(high)") }
        if updates != 100 { words.append("--updates \(updates)") }
        return words.joined(separator: " ")
    }

    private func encode(_ found: LearningRateFinder.Result) -> JSONValue {
        let end =
            switch found.end {
            case .complete: "complete"
            case .diverged: "diverged"
            case .notFinite: "notFinite"
            }
        return [
            "suggestion": found.suggestion.map { .number($0) } ?? .null,
            "lowest": found.lowest.map { .number($0.learningRate) } ?? .null,
            "steepest": found.steepest.map { .number($0.learningRate) } ?? .null, "end": .string(end),
            "points": .array(
                found.points.map {
                    [
                        "learningRate": .number($0.learningRate), "loss": .number($0.loss),
                        "smoothed": .number($0.smoothed),
                    ]
                }),
        ]
    }
}
