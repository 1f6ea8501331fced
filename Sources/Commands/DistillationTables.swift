import Foundation
import Reporting
import Training

/// What a distillation came to, as tables.
enum DistillationTables {
    static func stages(_ summary: DistillationSummary) -> String {
        Table(
            columns: [
                "stage", Table.Column("teacher", .left), "epochs", "before", "after", "seconds", "teacher's share",
            ],
            rows: summary.stages.map { stage in
                [
                    "\(stage.stage)", stage.teachers.isEmpty ? "none" : stage.teachers.joined(separator: " + "),
                    "\(stage.epochs)", stage.before.map(stage.metric.text) ?? "-",
                    stage.after.map(stage.metric.text) ?? "-",
                    NumberText.fixed(stage.cost.seconds, decimals: 1),
                    NumberText.percentage(
                        stage.cost.teacherSeconds / max(stage.cost.seconds, 1e-9), decimals: 0),
                ]
            }
        ).render()
    }

    /// - Parameter preparation: what training the pool took in the same call.
    static func result(
        _ result: DistillationSummary, _ path: String, preparation: (seconds: Double, count: Int)?
    ) -> String {
        let summary = result.summary
        var rows = summary.rows
        rows.append(["train loss", NumberText.fixed(result.train.loss, decimals: 4)])
        rows.append(["time of the stages", NumberText.duration(summary.cost.seconds)])
        if let seconds = result.orderSeconds {
            let share = NumberText.percentage(seconds / max(summary.cost.seconds, 1e-9), decimals: 0)
            rows.append(["time of the order", "\(NumberText.duration(seconds)), \(share) of the stages'"])
        }
        if let preparation, preparation.count > 0 {
            let models = preparation.count == 1 ? "one model" : "\(preparation.count) models"
            rows.append([
                "time with the pool",
                "\(NumberText.duration(summary.cost.seconds + preparation.seconds)), \(models) trained first",
            ])
        }
        rows.append(["weights", path + "/weights"])
        rows += NextSteps.rows(path, report: FileManager.default.fileExists(atPath: path + "/report.html"))
        return Table(columns: [Table.Column("result", .left), Table.Column("", .left)], rows: rows).render()
    }
}
