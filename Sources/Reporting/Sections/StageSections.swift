import JSON
import Tensors

/// What each stage of a distillation brought.
enum StageSections {
    static func make(_ record: RunRecord) -> PageSection? {
        guard !record.stages.isEmpty else { return nil }
        let isTested = record.stages.contains { $0["testAccuracyAfter"]?.doubleValue != nil }
        let part: RunRecord.Part = isTested ? .test : .validation
        let images = record.images(part)
        func accuracy(_ stage: JSONValue, _ moment: String) -> Double? {
            stage["\(part.rawValue)Accuracy\(moment)"]?.doubleValue
        }
        let rows = record.stages.map { stage -> [DataTable.Cell] in
            let (before, after) = (accuracy(stage, "Before"), accuracy(stage, "After"))
            let gain = before.flatMap { before in after.map { $0 - before } }
            let seconds = stage["seconds"]?.doubleValue
            let teacherShare = stage["teacherSeconds"]?.doubleValue.flatMap { part in
                seconds.map { part / max($0, 1e-9) }
            }
            return [
                .count(stage["stage"]?.integerValue ?? 0), .text(stage["teacher"]?.stringValue ?? ""),
                .count(stage["epochs"]?.integerValue ?? 0), .number(before) { NumberText.percentage($0) },
                .number(after) { NumberText.percentage($0) }, Self.gain(gain, images),
                .number(seconds) { NumberText.fixed($0, decimals: 1) + " s" },
                .number(teacherShare) { NumberText.percentage($0, decimals: 0) },
            ]
        }
        let highest = record.stages.compactMap { accuracy($0, "After") }.max()
        let error = highest.flatMap { SamplingError.text($0, images: images) }
        let note =
            error.map {
                " \(NumberText.grouped(images ?? 0)) images leave an error of \($0) points; gains below it may be chance."
            } ?? ""
        return PageSection(
            identifier: "stages", title: "Stages",
            lead:
                "\(isTested ? "Test" : "Validation") accuracy before and after each stage, and the part of the time that the "
                + "teachers' forward passes took.\(note)",
            body: "<div class=\"card\">"
                + DataTable(
                    columns: [
                        .number("stage"), "teacher", .number("epochs"), .number("before"), .number("after"),
                        .number("gain, points"), .number("time"), .number("teachers"),
                    ], rows: rows, label: "Stages", spare: [0, 2, 6, 7]
                ).markup + "</div>")
    }

    /// Points, and how many images they are where those are few.
    private static func gain(_ gain: Double?, _ images: Int?) -> DataTable.Cell {
        var cell = DataTable.Cell.number(gain) {
            ($0 >= 0 ? "+" : "−") + NumberText.fixed(abs($0) * 100, decimals: 2)
        }
        if let gain, let images {
            let count = Int(bounded: (abs(gain) * Double(images)).rounded())
            if count < 10 { cell.body = cell.body + " <small>(\(count) \(count == 1 ? "image" : "images"))</small>" }
        }
        return cell
    }
}
