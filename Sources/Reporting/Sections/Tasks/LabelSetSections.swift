import JSON

/// Multi-label classification: how well each class is told.
enum LabelSetSections: TaskSections {
    static let task = "multiLabel"

    static func sections(_ record: RunRecord) -> [PageSection] {
        [
            classes(record), WorstImages.section(record, lead: "with the highest loss"),
            SampleRows.section(record, legend: ""),
        ].compactMap { $0 }
    }

    private static func classes(_ record: RunRecord) -> PageSection? {
        let entries = record.result?["perClass"]?.arrayValue ?? []
        let rows = entries.map { entry -> [DataTable.Cell] in
            func share(_ key: String) -> DataTable.Cell { .share(entry[key]?.doubleValue) }
            return [
                .text(entry["class"]?.stringValue ?? "?"), .count(entry["images"]?.integerValue ?? 0),
                share("averagePrecision"),
                .number(entry["auc"]?.doubleValue) { NumberText.fixed($0, decimals: 4) }, share("precision"),
                share("recall"), share("f1"),
                .number(entry["bestThreshold"]?.doubleValue) { NumberText.fixed($0, decimals: 3) },
            ]
        }
        guard !rows.isEmpty else { return nil }
        let exact = record.result?["exactShare"]?.doubleValue.map { NumberText.percentage($0, decimals: 1) } ?? "–"
        let limits = Set(entries.compactMap { $0["threshold"]?.doubleValue })
        let limit = limits.count == 1 ? limits.first.map { " of " + NumberText.fixed($0, decimals: 2) } ?? "" : ""
        let table = DataTable(
            columns: ["class"]
                + ["images", "AP", "AUC", "precision", "recall", "F1", "best threshold"].map {
                    .number($0)
                }, rows: rows, isSortable: true, isLimited: true, label: "Figures of each class", spare: [3, 7])
        return PageSection(
            identifier: "classes", title: "Classes",
            lead:
                "Of \(exact) of the \(record.detailedPart.rawValue) images all classes are told and no others. AP ranks images by "
                + "a class's probability and needs no threshold; precision, recall and F1 are at a threshold\(limit). The best "
                + "threshold is the one with the highest F1 on these images; commands use those found on the validation images, "
                + "which go with the weights. \(record.shownWeights)",
            body: "<div class=\"card\">\(table.markup)</div>")
    }
}
