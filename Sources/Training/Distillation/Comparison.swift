import Checkpoints
import Reporting
import Tensors

/// All arms over several seeds, `comparison.json`.
public struct Comparison: Sendable {
    public struct Result: Sendable {
        public let arm: Arm
        public let seed: Int
        public let last: Double
        public let best: Double
        public let bestEpoch: Int
        public let epochs: Int
        public let trainLoss: Double
        public let gap: Double
        public let seconds: Double
    }

    public let order: [String]
    public var results: [Result] = []

    /// Mean and sample standard deviation over the seeds of an arm.
    public func statistics(_ arm: Arm, _ value: (Result) -> Double) -> (mean: Double, deviation: Double) {
        let values = results.filter { $0.arm == arm }.map(value)
        guard !values.isEmpty else { return (0, 0) }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0)
    }

    public var table: String {
        func share(_ arm: Arm, _ value: (Result) -> Double) -> String {
            let (mean, deviation) = statistics(arm, value)
            return "\(NumberText.percentage(mean)) ± \(NumberText.fixed(100 * deviation, decimals: 2))"
        }
        return Table(
            columns: [
                Table.Column("arm", .left), "seeds", Table.Column("test, last epoch", .right),
                Table.Column("test, best epoch", .right), Table.Column("train loss", .right),
                Table.Column("train - test", .right), "seconds",
            ],
            rows: Arm.allCases.map { arm in
                let loss = statistics(arm) { $0.trainLoss }
                return [
                    arm.rawValue, "\(results.filter { $0.arm == arm }.count)", share(arm) { $0.last },
                    share(arm) { $0.best },
                    "\(NumberText.fixed(loss.mean, decimals: 4)) ± \(NumberText.fixed(loss.deviation, decimals: 4))",
                    share(arm) { $0.gap }, NumberText.fixed(statistics(arm) { $0.seconds }.mean, decimals: 1),
                ]
            }
        ).render()
    }

    public var json: JSONValue {
        func pair(_ value: (mean: Double, deviation: Double)) -> JSONValue {
            ["mean": .number(value.mean), "deviation": .number(value.deviation)]
        }
        let arms = Arm.allCases.map { arm -> JSONValue in
            [
                "arm": .string(arm.rawValue), "testAccuracy": pair(statistics(arm) { $0.last }),
                "bestTestAccuracy": pair(statistics(arm) { $0.best }),
                "trainLoss": pair(statistics(arm) { $0.trainLoss }), "gap": pair(statistics(arm) { $0.gap }),
            ]
        }
        let runs = results.map { result -> JSONValue in
            [
                "arm": .string(result.arm.rawValue), "seed": .integer(result.seed),
                "testAccuracy": .number(result.last), "bestTestAccuracy": .number(result.best),
                "bestEpoch": .integer(result.bestEpoch), "epochs": .integer(result.epochs),
                "trainLoss": .number(result.trainLoss), "gap": .number(result.gap),
                "seconds": .number(result.seconds),
            ]
        }
        return [
            "order": .array(order.map { .string($0) }), "arms": .array(arms), "runs": .array(runs),
        ]
    }
}

extension Comparison.Result {
    init?(_ json: JSONValue) {
        guard let arm = json["arm"]?.stringValue.flatMap(Arm.init), let seed = json["seed"]?.integerValue,
            let last = json["testAccuracy"]?.doubleValue, let best = json["bestTestAccuracy"]?.doubleValue,
            let bestEpoch = json["bestEpoch"]?.integerValue, let epochs = json["epochs"]?.integerValue,
            let trainLoss = json["trainLoss"]?.doubleValue, let gap = json["gap"]?.doubleValue,
            let seconds = json["seconds"]?.doubleValue
        else { return nil }
        self.init(
            arm: arm, seed: seed, last: last, best: best, bestEpoch: bestEpoch, epochs: epochs, trainLoss: trainLoss,
            gap: gap, seconds: seconds)
    }
}

extension DistillationRun {
    /// Runs every arm with every seed, each in a folder of its own below the run's; what is there stays and goes on when `resuming`. The
    /// student's first bytes, the pool and the split of the data are the same for all; seeds decide the rest.
    public func compare(_ report: OrderReport, seeds: Int, in directory: RunDirectory, resuming: Bool) throws
        -> Comparison
    {
        var comparison = Comparison(order: report.order)
        try plan((0..<seeds).flatMap { _ in Arm.allCases }, order: report.order)
        for index in 0..<seeds {
            let seed = recipe.run.seed + index
            for arm in Arm.allCases {
                let path = "\(directory.path)/compare/seed-\(seed)/\(arm.rawValue)"
                console.line("seed \(seed), arm \(arm.rawValue)")
                let json: JSONValue
                if resuming, let finished = try DistillationRun.finished(in: path, configuration) {
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
