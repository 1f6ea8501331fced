import ArgumentParser
import Reporting
import Tensors
import Training

struct CheckParityCommand: ParsableCommand {
    enum Precision: String, ExpressibleByArgument, CaseIterable {
        case float, double
    }

    static let configuration = CommandConfiguration(
        commandName: "check-parity",
        abstract: "Compares a model with the results of another implementation, kept in a safetensors file.",
        discussion: """
            Prints max|difference| / max|reference| of logits, loss, stage features and every gradient. Exit code 1 \
            when one is out of tolerance (3e-5 in float, 1e-9 in double) or missing.

            EXAMPLES:
              trainer check-parity fixture.safetensors --precision double
            """)

    @Argument(help: "The fixture, a safetensors file.", completion: .weights)
    var fixture: String

    @Option(help: "The precision to compute in: float or double.")
    var precision = Precision.float

    @Option(help: "Write our values under the same names to this file.", completion: .weights)
    var output: String?

    func run() throws {
        switch precision {
        case .float: try check(Float.self, tolerance: 3e-5)
        case .double: try check(Double.self, tolerance: 1e-9)
        }
    }

    private func check<S: Scalar>(_ type: S.Type, tolerance: Double) throws {
        let check = try ParityCheck<S>(path: fixture, tolerance: tolerance)
        let console = Console()
        let rows = check.outcomes.map {
            [
                $0.name, $0.error.isFinite ? NumberText.scientific($0.error) : "missing",
                NumberText.scientific($0.tolerance, decimals: 0), $0.passed ? "ok" : "FAILED",
            ]
        }
        let columns: [Table.Column] = [
            .init("value", .left), .init("largest error", .right), .init("tolerance", .right), .init("", .left),
        ]
        console.text(Table(columns: columns, rows: rows).render())
        if let output { try check.results.write(path: output) }
        let failed = check.outcomes.filter { !$0.passed }.count
        console.line(
            failed == 0
                ? "all \(rows.count) values agree in \(S.scalarName)"
                : "\(failed) of \(rows.count) values are out of tolerance")
        if failed > 0 { throw ExitCode.failure }
    }
}
