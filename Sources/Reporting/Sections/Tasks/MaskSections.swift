import JSON

/// Segmentation: how well each class is found, what is taken for what, and pictures of it.
enum MaskSections: TaskSections {
    static let task = "segmentation"

    static func sections(_ record: RunRecord) -> [PageSection] {
        [classes(record), extremes(record), progress(record), samples(record)].compactMap { $0 }
    }

    static func sections(_ comparison: RunComparison) -> [PageSection] { [overlap(comparison)].compactMap { $0 } }

    static func pictures(_ record: RunRecord) -> [(tag: String, sheet: PixelSheet)] {
        func sheet(_ key: String) -> PixelSheet? {
            PixelSheet(rows: MaskPicture.all(record.result?[key]).map(\.sheets))
        }
        let found = [
            ("images/confusion", ConfusionMatrix(record)?.sheet), ("images/worst", sheet("worst")),
            ("images/best", sheet("best")),
        ]
        return found.compactMap { tag, sheet in sheet.map { (tag, $0) } }
    }

    static func snapshots(_ record: RunRecord) -> [(epoch: Int, tag: String, sheet: PixelSheet)] {
        record.snapshots.compactMap { snapshot in
            PixelSheet(rows: MaskPicture.all(.array(snapshot.images)).map(\.sheets)).map {
                (snapshot.epoch, "images/snapshots", $0)
            }
        }
    }

    // MARK: Classes

    private static func classes(_ record: RunRecord) -> PageSection? {
        let classes = MaskClass.all(record)
        let matrix = ConfusionMatrix(record).flatMap { $0.total > 0 ? $0 : nil }
        guard !classes.isEmpty || matrix != nil else { return nil }
        let each: Markup =
            classes.isEmpty ? "" : "<div class=\"card\"><h3>Each class</h3>\(table(classes, record))</div>"
        let means = means(record)
        let frequent = matrix.map { ClassSections.frequent($0, title: "Most frequent confusions", unit: "pixels") }
        let side = [means, frequent].compactMap { $0 }.map { Markup("<div class=\"card\">\($0)</div>") }
        // Long names and long counts need the width of the page.
        let isWide = classes.contains { TextWidth.columns($0.name) > 16 || $0.pixels >= 10_000_000_000 }
        let tables: Markup =
            isWide
            ? "<div class=\"grid\">\(each)<div class=\"grid two start\">\(side)</div></div>"
            : "<div class=\"grid two start\">\(each)<div class=\"grid\">\(side)</div></div>"
        let chart = matrix.map { matrix -> Markup in
            """
            <div class="card" style="margin-top:16px"><h3>What is taken for what</h3>\(MatrixPicture(matrix: matrix, isOfPixels: true).markup)</div>
            """
        }
        return PageSection(
            identifier: "classes", title: "Classes", lead: lead(matrix, record),
            body: "\(tables)\(chart ?? "")")
    }

    private static func lead(_ matrix: ConfusionMatrix?, _ record: RunRecord) -> String {
        guard let matrix else { return record.shownWeights }
        let part = record.detailedPart
        let images = record.images(part).map { "\(NumberText.grouped($0)) \(part.rawValue) images" }
        let share = NumberText.percentage(Double(matrix.wrong) / Double(max(1, matrix.total)), decimals: 1)
        return
            "\(share) of the pixels of \(images ?? "the \(part.rawValue) images") are taken for another class: "
            + "\(NumberText.grouped(matrix.wrong)) of \(NumberText.grouped(matrix.total)) with a label. \(record.shownWeights)"
    }

    private static func table(_ classes: [MaskClass], _ record: RunRecord) -> Markup {
        func percentage(_ value: Double?) -> DataTable.Cell {
            .number(value) { NumberText.percentage($0, decimals: 1) }
        }
        let background = MaskClass.background(record)
        let rows = classes.filter { !$0.isUndefined }.map { kind -> [DataTable.Cell] in
            let note: Markup = kind.index == background ? " <small>(background)</small>" : ""
            return [
                DataTable.Cell("\(kind.patch)\(kind.name)\(note)", kind: "unbroken"), .count(kind.pixels),
                .share(kind.intersectionOverUnion), percentage(kind.dice), percentage(kind.accuracy),
                percentage(kind.precision),
            ]
        }
        let table = DataTable(
            columns: [
                "class", .number("pixels"), .number("IoU"), .number("Dice"), .number("accuracy"), .number("precision"),
            ], rows: rows, isSortable: true, isLimited: true, label: "IoU, Dice, accuracy and precision of each class")
        return """
            \(rows.isEmpty ? "" : table.markup)\(undefined(classes))
            <p class="lead" style="margin:12px 0 0;font-size:12.5px">Pixels: those labeled as the class. IoU: pixels that are of it in label and prediction, of those that are so in either. Dice: twice the former, of the sum of both. Accuracy: how much of the class is found. Precision: how much of what is predicted as the class is of it.</p>
            """
    }

    private static func undefined(_ classes: [MaskClass]) -> Markup {
        let names = classes.filter(\.isUndefined).map(\.name)
        guard let last = names.last else { return "" }
        let most = 20
        let list: String
        switch names.count {
        case 1: list = last
        case ...most: list = names.dropLast().joined(separator: ", ") + " and " + last
        default: list = names.prefix(most).joined(separator: ", ") + " and \(names.count - most) others"
        }
        return """
            <p style="margin:12px 0 0;font-size:13px">No pixel is labeled or predicted as \(list), so \(names.count == 1 ? "it counts" : "they count") in no mean.</p>
            """
    }

    private static func means(_ record: RunRecord) -> Markup? {
        let without = MaskClass.background(record) == nil ? "" : ", without the background"
        let meanings = [
            "meanIoU": "mean of the classes",
            "pixelAccuracy": "how many pixels are right",
            "meanDice": "pixels of all images added up, then the mean of the classes" + without,
            "imageDice": "the mean of the classes in each image, then the mean of the images" + without,
            "meanClassAccuracy": "mean of the classes", "boundaryF1": "of the classes' outlines",
        ]
        let rows = record.metrics.compactMap { metric -> [DataTable.Cell]? in
            guard let value = record.result?[metric.name]?.doubleValue, value.isFinite else { return nil }
            return [
                .text(metric.title), .number(value) { metric.text($0) },
                .text(meanings[metric.name] ?? "", kind: "soft"),
            ]
        }
        guard !rows.isEmpty else { return nil }
        return """
            <h3>Means</h3>\(DataTable(columns: ["measure", .number(""), ""], rows: rows, label: "Means").markup)
            """
    }

    // MARK: Several runs

    /// IoU by class, where all runs tell the same classes apart on the same pixels.
    private static func overlap(_ comparison: RunComparison) -> PageSection? {
        let all = comparison.records.map { MaskClass.all($0) }
        guard let first = all.first, !first.isEmpty,
            all.allSatisfy({ $0.map(\.name) == first.map(\.name) && $0.map(\.pixels) == first.map(\.pixels) })
        else { return nil }
        // A class without pixels is defined in the runs that predict it somewhere.
        let shown = first.indices.filter { index in all.contains { !$0[index].isUndefined } }
        let rows = shown.map { index -> [DataTable.Cell] in
            [
                DataTable.Cell("\(first[index].patch)\(first[index].name)", kind: "unbroken"),
                .count(first[index].pixels),
            ]
                + comparison.groups.map { group in
                    .share(Spread(group.indices.compactMap { all[$0][index].intersectionOverUnion })?.mean)
                }
        }
        guard !rows.isEmpty else { return nil }
        let table = DataTable(
            columns: ["class", .number("pixels")] + comparison.groups.map { .number($0.name) }, rows: rows,
            isSortable: true, isLimited: true, label: "IoU of each class")
        let part = comparison.records.first?.detailedPart ?? .test
        return PageSection(
            identifier: "classes", title: "Classes",
            lead: "IoU of each class on the \(part.rawValue) images, by the weights of the last epoch.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }
}
