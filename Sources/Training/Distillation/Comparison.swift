import Checkpoints
import JSON
import Reporting
import Tasks
import Tensors

/// All arms over several seeds, `comparison.json`.
package struct Comparison: Sendable {
    package struct Result: Sendable {
        package let arm: Arm
        package let seed: Int
        /// What the values are of, and on which images.
        package let metric: Metric
        package let last: Double
        package let best: Double
        package let bestEpoch: Int
        package let epochs: Int
        package let trainLoss: Double
        package let gap: Double
        package let seconds: Double
        package let part: ResultPart
        /// What chooses between arms; nil where nothing was validated.
        package var bestValidation: Double?
    }

    package let order: [String]
    /// How many images results were measured on.
    package var validationImages: Int?
    package var testImages: Int?
    package var results: [Result] = []

    /// Mean and sample standard deviation over the seeds of an arm.
    package func statistics(_ arm: Arm, _ value: (Result) -> Double) -> (mean: Double, deviation: Double) {
        Spread(results.filter { $0.arm == arm }.map(value)).map { ($0.mean, $0.deviation) } ?? (0, 0)
    }

    /// Those that were run.
    private var arms: [Arm] { Arm.allCases.filter { arm in results.contains { $0.arm == arm } } }
    private var part: ResultPart { results.first?.part ?? .test }
    private var metric: Metric { results.first?.metric ?? Metric.unnamed[0] }
    /// Which arm is best, as far as the number of images and the spread of the seeds let one say so.
    package var verdict: Verdict { ArmSections.verdict(json, validation: validationImages, test: testImages) }

    package var table: String {
        let isTest = part == .test
        let part = part.rawValue
        func share(_ arm: Arm, _ value: (Result) -> Double) -> String {
            let (mean, deviation) = statistics(arm, value)
            return "\(metric.text(mean)) ± \(metric.spreadText(deviation))"
        }
        func validation(_ arm: Arm) -> String {
            let values = results.filter { $0.arm == arm }.compactMap(\.bestValidation)
            guard let spread = Spread(values) else { return "-" }
            return "\(metric.text(spread.mean)) ± \(metric.spreadText(spread.deviation))"
        }
        return Table(
            columns: [
                Table.Column("arm", .left), "seeds", Table.Column("validation, best", .right),
                Table.Column("\(part), last epoch", .right),
            ] + (isTest ? [Table.Column("test, best epoch", .right)] : []) + [
                Table.Column("train loss", .right), Table.Column("train - \(part)", .right), "seconds",
            ],
            rows: arms.map { arm in
                let loss = statistics(arm) { $0.trainLoss }
                return [
                    arm.rawValue, "\(results.filter { $0.arm == arm }.count)", validation(arm), share(arm) { $0.last },
                ] + (isTest ? [share(arm) { $0.best }] : []) + [
                    "\(NumberText.fixed(loss.mean, decimals: 4)) ± \(NumberText.fixed(loss.deviation, decimals: 4))",
                    share(arm) { $0.gap }, NumberText.fixed(statistics(arm) { $0.seconds }.mean, decimals: 1),
                ]
            }
        ).render() + ArmSections.sentence(verdict) + "\n"
    }

    package var json: JSONValue {
        let isTest = part == .test
        let metric = metric
        let (last, best) =
            isTest
            ? (metric.key("test"), metric.key("bestTest")) : (metric.key("validation"), metric.key("bestValidation"))
        func pair(_ value: (mean: Double, deviation: Double)) -> JSONValue {
            ["mean": .number(value.mean), "deviation": .number(value.deviation)]
        }
        let arms = arms.map { arm -> JSONValue in
            [
                "arm": .string(arm.rawValue), last: pair(statistics(arm) { $0.last }),
                best: pair(statistics(arm) { $0.best }), "trainLoss": pair(statistics(arm) { $0.trainLoss }),
                "gap": pair(statistics(arm) { $0.gap }),
            ]
        }
        let runs = results.map { result -> JSONValue in
            var run: JSONValue = [
                "arm": .string(result.arm.rawValue), "seed": .integer(result.seed),
                last: .number(result.last), best: .number(result.best),
                "bestEpoch": .integer(result.bestEpoch), "epochs": .integer(result.epochs),
                "trainLoss": .number(result.trainLoss), "gap": .number(result.gap),
                "seconds": .number(result.seconds),
            ]
            if isTest { run[metric.key("bestValidation")] = .optional(result.bestValidation) }
            return run
        }
        var json: JSONValue = [
            "order": .array(order.map { .string($0) }), "part": .string(part.rawValue), "arms": .array(arms),
            "runs": .array(runs),
        ]
        if !metric.isUnnamed { json["metric"] = metric.json }
        return json
    }
}

extension Comparison.Result {
    init?(_ json: JSONValue) {
        let metric = Metric.primary(of: json)
        func value(_ prefix: String) -> Double? { json[metric.key(prefix)]?.doubleValue }
        guard let arm = json["arm"]?.stringValue.flatMap(Arm.init), let seed = json["seed"]?.integerValue,
            let last = value("test") ?? value("validation"),
            let best = value("bestTest") ?? value("bestValidation"),
            let bestEpoch = json["bestEpoch"]?.countValue, let epochs = json["epochs"]?.countValue,
            let trainLoss = json["trainLoss"]?.doubleValue, let gap = json["gap"]?.doubleValue,
            let seconds = json["seconds"]?.doubleValue
        else { return nil }
        self.init(
            arm: arm, seed: seed, metric: metric, last: last, best: best, bestEpoch: bestEpoch, epochs: epochs,
            trainLoss: trainLoss,
            gap: gap, seconds: seconds, part: value("test") != nil ? .test : .validation,
            bestValidation: value("bestValidation"))
    }
}

extension DistillationRun {
    /// Runs every arm with every seed, each in a folder of its own below the run's; what is there stays and goes on when `resuming`. The
    /// student's first bytes, the pool and the split of the data are the same for all; seeds decide the rest.
    package func compare(_ report: OrderReport, seeds: Int, in directory: RunDirectory, resuming: Bool) throws
        -> Comparison
    {
        guard data.splits.test != nil || data.splits.validation != nil else {
            throw RecipeError(
                "\(recipe.data.path) has neither a test nor a validation part, so the arms cannot be compared")
        }
        var comparison = Comparison(
            order: report.order, validationImages: data.splits.validation?.count, testImages: data.splits.test?.count)
        try plan((0..<seeds).flatMap { _ in comparedArms }, order: report.order)
        for index in 0..<seeds {
            let seed = recipe.run.seed + index
            for arm in comparedArms {
                let path = "\(directory.path)/compare/seed-\(seed)/\(arm.rawValue)"
                console.line("seed \(seed), arm \(arm.rawValue)")
                let json: JSONValue
                if resuming, let finished = try FinishedDistillation.summary(in: path, configuration) {
                    json = finished
                    for _ in plan(arm, order: report.order) { agenda.next() }
                } else {
                    let folder = try RunDirectory(path, mode: resuming ? .resume : .overwrite)
                    json = try run(arm, report, seed: seed, in: folder, resuming: !folder.isFresh).json
                }
                guard let result = Comparison.Result(json) else {
                    throw CheckpointError(path + "/summary.json", "the summary is incomplete")
                }
                comparison.results.append(result)
            }
        }
        try AtomicFile.write(directory.comparison, comparison.json.text(pretty: true) + "\n")
        reportComparison(report, seeds: seeds, directory)
        return comparison
    }
}
