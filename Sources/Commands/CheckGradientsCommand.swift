import ArgumentParser
import Autograd
import Distillation
import JSON
import Reporting
import Tensors
import Training

struct CheckGradientsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-gradients",
        abstract: "Compares every gradient with central differences in double precision.",
        discussion: """
            Without a configuration: every operation, under random cotangents. With one: the whole model it names, \
            one random direction per parameter. Exit code 1 when an error is out of bounds.

            EXAMPLES:
              trainer check-gradients
              trainer check-gradients Configs/digits-gf.yaml --json
            """)

    @Argument(help: "A configuration, or a run folder, whose model is checked.", completion: .config)
    var config: String?

    @OptionGroup var overrides: Overrides

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    private struct Row {
        let name: String
        let error: Double
        let bound: Double
        var passed: Bool { error <= bound }
    }

    func run() throws {
        let console = Console()
        let rows = try config.map(checkModel) ?? checkOperations()
        if json {
            let value = JSONValue.array(
                rows.map {
                    [
                        "name": .string($0.name), "largestRelativeError": .number($0.error), "bound": .number($0.bound),
                        "passed": .bool($0.passed),
                    ]
                })
            console.text(value.text(pretty: true))
        } else {
            let cells = rows.map {
                [
                    $0.name, NumberText.scientific($0.error), NumberText.scientific($0.bound, decimals: 0),
                    $0.passed ? "ok" : "FAILED",
                ]
            }
            let columns: [Table.Column] = [
                .init("name", .left), .init("largest relative error", .right), .init("bound", .right), .init("", .left),
            ]
            console.text(Table(columns: columns, rows: cells).render())
            let failed = rows.filter { !$0.passed }
            console.line(
                failed.isEmpty
                    ? "all \(rows.count) gradients agree"
                    : "\(failed.count) of \(rows.count) gradients are out of bounds")
        }
        if rows.contains(where: { !$0.passed }) { throw ExitCode.failure }
    }

    private func checkOperations() throws -> [Row] {
        var rows: [Row] = []
        var covered: Set<String> = []
        for check in GradientCheck.all + GradientCheck.distillation {
            let outcome = check.run()
            covered.formUnion(outcome.operations.map(\.name))
            rows.append(Row(name: outcome.name, error: outcome.largestRelativeError, bound: outcome.bound))
        }
        for operation in Operation.builtIn where !covered.contains(operation.name) {
            rows.append(Row(name: "\(operation.name) (no case)", error: .infinity, bound: 0))
        }
        return rows
    }

    private func checkModel(_ path: String) throws -> [Row] {
        let recipe = try openRecipe(path, overrides.values, Console())
        let outline = recipe.outline
        let check = try ModelGradientCheck(outline.specification, height: outline.height, width: outline.width)
        return check.run().map { Row(name: $0.name, error: $0.relativeError, bound: $0.bound) }
    }
}
