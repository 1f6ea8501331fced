import JSON

/// What each stage of a distillation brought.
enum StageSections {
    static func make(_ record: RunRecord) -> PageSection? {
        let (stages, metric) = (record.distillation.stages, record.primary)
        guard !stages.isEmpty else { return nil }
        let isTested = stages.contains { $0[metric.key("test") + "After"]?.doubleValue != nil }
        let part: RunRecord.Part = isTested ? .test : .validation
        let images = record.images(part)
        func score(_ stage: JSONValue, _ moment: String) -> Double? {
            stage[metric.key(part.rawValue) + moment]?.doubleValue
        }
        let rows = stages.map { stage -> [DataTable.Cell] in
            let (before, after) = (score(stage, "Before"), score(stage, "After"))
            let gain = before.flatMap { before in after.map { metric.lead(of: $0, over: before) } }
            let seconds = stage["seconds"]?.doubleValue
            let teacherShare = stage["teacherSeconds"]?.doubleValue.flatMap { part in
                seconds.map { part / max($0, 1e-9) }
            }
            return [
                .count(stage["stage"]?.integerValue ?? 0), .text(stage["teacher"]?.stringValue ?? ""),
                .count(stage["epochs"]?.integerValue ?? 0), .number(before) { metric.text($0) },
                .number(after) { metric.text($0) }, Self.gain(gain, metric, images),
                .number(seconds) { NumberText.fixed($0, decimals: 1) + " s" },
                .number(teacherShare) { NumberText.percentage($0, decimals: 0) },
            ]
        }
        let best = metric.best(stages.compactMap { score($0, "After") })
        let error = best.flatMap { SamplingError.text($0, of: metric, images: images) }
        let note =
            error.map {
                " \(NumberText.grouped(images ?? 0)) images leave an error of \($0) points; gains below it may be chance."
            } ?? ""
        return PageSection(
            identifier: "stages", title: "Stages",
            lead:
                "\(isTested ? "Test" : "Validation") \(metric.title) before and after each stage, and the part of the time that the "
                + "teachers' forward passes took.\(note)",
            body: "<div class=\"card\">"
                + DataTable(
                    columns: [
                        .number("stage"), "teacher", .number("epochs"), .number("before"), .number("after"),
                        .number(metric.style == .percentage ? "gain, points" : "gain"), .number("time"),
                        .number("teachers"),
                    ], rows: rows, label: "Stages", spare: [0, 2, 6, 7]
                ).markup + "</div>")
    }

    /// Above 0 where the stage made the metric better, and how many images they are where those are few.
    private static func gain(_ gain: Double?, _ metric: Metric, _ images: Int?) -> DataTable.Cell {
        var cell = DataTable.Cell.number(gain) {
            ($0 >= 0 ? "+" : "−") + metric.spreadText(abs($0))
        }
        if let gain, let images, metric.isShareOfImages {
            let count = Int(bounded: (abs(gain) * Double(images)).rounded())
            if count < 10 { cell.body = cell.body + " <small>(\(count) \(count == 1 ? "image" : "images"))</small>" }
        }
        return cell
    }
}
