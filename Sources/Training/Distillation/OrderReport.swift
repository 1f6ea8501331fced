import Distillation
import JSON
import Reporting
import Tensors

/// The order of teachers with all that led to it, `order.json`.
package struct OrderReport: Sendable {
    package struct Cost: Sendable {
        package let source: String
        package let target: String
        package let cost: AdaptationCost
    }

    /// The first teacher first.
    package let order: [String]
    package let decisions: [TeacherOrder.Decision]
    package let costs: [Cost]
    /// The deciding metric in validation by model, the student's too; empty where nothing was measured.
    package let scores: [(name: String, score: Double)]
    /// SHA-256 of every teacher of the order.
    package let teachers: [(name: String, sha256: String)]
    let student: String
    /// Of an order that was found before, in words.
    var explanations: [String] = []
    /// What measuring the costs took; nil for an order that was found before.
    var seconds: Double?

    package var json: JSONValue {
        [
            "order": .array(order.map { .string($0) }),
            "costs": .array(costs.map(encode)),
            "decisions": .array(
                decisions.map { decision in
                    [
                        "kind": .string(decision.kind.rawValue),
                        "teacher": decision.teacher.map { .string($0) } ?? .null,
                        "before": decision.before.map { .string($0) } ?? .null,
                        "ties": .array(decision.ties.map { .string($0) }), "text": .string(decision.description),
                    ]
                }),
            "scores": .object(scores.map { .init($0.name, .number($0.score)) }), "teachers": manifest,
        ]
    }

    /// The teachers' hashes by name.
    var manifest: JSONValue { .object(teachers.map { .init($0.name, .string($0.sha256)) }) }

    private func encode(_ entry: Cost) -> JSONValue {
        let levels = entry.cost.levels.map { level -> JSONValue in
            [
                "source": .string(level.source), "target": .string(level.target),
                "error": .measured(level.error), "variance": .measured(level.variance),
                "normalized": .measured(level.normalized),
            ]
        }
        return [
            "source": .string(entry.source), "target": .string(entry.target), "value": .measured(entry.cost.value),
            "errorBar": .measured(entry.cost.errorBar), "levels": .array(levels),
        ]
    }

    private var targets: [String] {
        costs.reduce(into: []) { names, entry in if !names.contains(entry.target) { names.append(entry.target) } }
    }

    private var sources: [String] {
        let found: [String] = costs.reduce(into: []) { names, entry in
            if !names.contains(entry.source) { names.append(entry.source) }
        }
        return found.filter { $0 == student } + found.filter { $0 != student }
    }

    private func cost(_ source: String, _ target: String) -> AdaptationCost? {
        costs.last { $0.source == source && $0.target == target }?.cost
    }

    /// The costs, rows the sources and columns the targets.
    package var table: String {
        let targets = targets
        return Table(
            columns: [Table.Column("cost from \\ to", .left)] + targets.map { Table.Column($0, .right) },
            rows: sources.map { source in
                [source]
                    + targets.map { target in
                        cost(source, target).map {
                            "\(NumberText.fixed($0.value, decimals: 3)) ± \(NumberText.fixed($0.errorBar, decimals: 3))"
                        } ?? "-"
                    }
            }
        ).render()
    }

    /// The costs as shades: the darker, the dearer.
    package var heatMap: String {
        let shades = [" . ", "░░░", "▒▒▒", "▓▓▓", "███"]
        let highest = costs.map(\.cost.value).max() ?? 1
        let targets = targets
        let width = (sources.map(\.count).max() ?? 0) + 2
        var lines = sources.map { source in
            source + String(repeating: " ", count: width - source.count)
                + targets.map { target in
                    cost(source, target).map { cost -> String in
                        // Costs may be no numbers.
                        let shade = Int(bounded: 5 * cost.value / max(highest, 1e-12))
                        return shades[min(4, max(0, shade))]
                    } ?? "   "
                }.joined(separator: " ")
        }
        lines.append("columns: " + targets.joined(separator: ", "))
        return lines.joined(separator: "\n")
    }

    /// One line per decision.
    package var explanation: String {
        let lines = explanations + decisions.map(\.description)
        return (lines.isEmpty ? ["the order is given by hand"] : lines).joined(separator: "\n")
            + "\norder: " + order.joined(separator: " -> ")
    }
}
