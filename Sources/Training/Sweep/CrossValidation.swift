import Checkpoints
import Foundation
import JSON
import Reporting
import Tasks

/// One run for each part that the images are divided into, that part being tested: mean and deviation over the parts say
/// more of a small set than any single run.
package struct CrossValidation {
    private let sweep: Sweep
    private let path: String
    private let names: [[String]]

    /// How many parts a recipe asks for; nil where it is a single run.
    package static func folds(_ recipe: Recipe) -> Int? { recipe.task.crossValidation }

    /// - Parameters:
    ///   - overrides: what all runs have in common.
    ///   - path: the folder below which each run has its own.
    /// - Throws: one sentence where the configuration or the data is wrong.
    package init(_ config: String, _ recipe: Recipe, overrides: [String], path: String) throws {
        let folds = recipe.task.crossValidation ?? 1
        let plan = try SweepPlan([
            recipe.task.crossValidationKey + "=" + (1...folds).map(String.init).joined(separator: ",")
        ])
        sweep = try Sweep(config, overrides: overrides, plan: plan, path: path)
        names = try recipe.task.foldNames(recipe.dataRequest)
        self.path = path
    }

    /// The page that puts the runs beside each other.
    package var page: String? { sweep.page }

    /// Trains what is left to do, and writes what came out.
    package func run(_ console: Console) throws -> Result {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw RecipeError("\(path): the folder cannot be made, expected a place where one may be written")
        }
        try AtomicFile.write(
            path + "/folds.json",
            JSONValue.object(
                names.enumerated().map { index, names in
                    JSONValue.Member("\(index + 1)", .array(names.map { .string($0) }))
                }
            ).text(pretty: true) + "\n")
        let result = Result(try sweep.run(console).runs.compactMap(\.summary), folds: names.count)
        try AtomicFile.write(path + "/cross-validation.json", result.json.text(pretty: true) + "\n")
        return result
    }

    /// What the runs came to together.
    package struct Result {
        private let summaries: [JSONValue]
        private let folds: Int

        init(_ summaries: [JSONValue], folds: Int) { (self.summaries, self.folds) = (summaries, folds) }

        /// Measures of all runs, by their keys in a summary.
        private var values: [(key: String, values: [Double])] {
            let keys = (summaries.first?.objectValue ?? []).map(\.name).filter {
                $0.hasPrefix("test") || $0.hasPrefix("validation") || $0.hasPrefix("best") && $0 != "bestEpoch"
            }
            return keys.compactMap { key in
                let values = summaries.compactMap { $0[key]?.doubleValue }
                guard values.count == summaries.count, !values.isEmpty else { return nil }
                return (key, values)
            }
        }

        /// Mean, sample deviation and the value of each run.
        package var json: JSONValue {
            [
                "folds": .integer(folds), "finished": .integer(summaries.count),
                "metrics": .object(
                    values.map { entry in
                        let spread = Spread(entry.values)
                        return JSONValue.Member(
                            entry.key,
                            [
                                "mean": .optional(spread?.mean), "deviation": .optional(spread?.deviation),
                                "values": .array(entry.values.map { .number($0) }),
                            ])
                    }),
            ]
        }

        /// A row for each measure.
        package var table: String {
            Table(
                columns: [
                    Table.Column("over \(summaries.count) folds", .left), Table.Column("mean ± deviation", .right),
                ]
                    + summaries.indices.map { Table.Column("fold \($0 + 1)", .right) },
                rows: values.map { entry in
                    let spread = Spread(entry.values)
                    func text(_ value: Double?) -> String { value.map { NumberText.fixed($0, decimals: 4) } ?? "-" }
                    return [entry.key, "\(text(spread?.mean)) ± \(text(spread?.deviation))"] + entry.values.map(text)
                }
            ).render()
        }
    }
}
