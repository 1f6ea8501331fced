import JSON

/// Detection of objects in boxes: the same as of those with masks, which are left out.
enum BoxSections: TaskSections {
    static let task = "detection"

    static func sections(_ record: RunRecord) -> [PageSection] { InstanceSections.sections(record) }
    static func sections(_ comparison: RunComparison) -> [PageSection] { InstanceSections.sections(comparison) }
    static func pictures(_ record: RunRecord) -> [(tag: String, sheet: PixelSheet)] {
        InstanceSections.pictures(record)
    }
    static func precisionRecall(_ record: RunRecord) -> [(tag: String, curve: PrecisionRecallExport)] {
        InstanceSections.precisionRecall(record)
    }
    static func snapshots(_ record: RunRecord) -> [(epoch: Int, tag: String, sheet: PixelSheet)] {
        InstanceSections.snapshots(record)
    }
}

/// Detection of objects with masks: COCO's numbers, classes, curves, what is taken for what, and pictures.
enum InstanceSections: TaskSections {
    static let task = "instances"

    static func sections(_ record: RunRecord) -> [PageSection] {
        let found = InstanceRecord(record.result)
        let measured = found.map { found in
            [numbers(found, record), classes(found, record), curves(found, record), confusion(found, record)]
        }
        let pictures = found.map { extremes($0, record) } ?? nil
        return ((measured ?? []) + [pictures, progress(record), samples(record)]).compactMap { $0 }
    }

    static func sections(_ comparison: RunComparison) -> [PageSection] { [averages(comparison)].compactMap { $0 } }

    static func pictures(_ record: RunRecord) -> [(tag: String, sheet: PixelSheet)] {
        guard let found = InstanceRecord(record.result) else { return [] }
        func sheet(_ pictures: [InstancePicture]) -> PixelSheet? {
            PixelSheet(rows: pictures.map { [$0.truthPicture(found.classes), $0.answerPicture(found.classes)] })
        }
        let sheets = [
            ("images/confusion", matrix(found)?.sheet), ("images/worst", sheet(found.worst)),
            ("images/best", sheet(found.best)),
        ]
        return sheets.compactMap { tag, sheet in sheet.map { (tag, $0) } }
    }

    static func snapshots(_ record: RunRecord) -> [(epoch: Int, tag: String, sheet: PixelSheet)] {
        let names = record.classNames
        return record.snapshots.compactMap { snapshot in
            let pictures = InstancePicture.all(.array(snapshot.images))
            return PixelSheet(rows: pictures.map { [$0.truthPicture(names), $0.answerPicture(names)] }).map {
                (snapshot.epoch, "images/snapshots", $0)
            }
        }
    }

    /// A spot of a class's color.
    static func patch(_ index: Int) -> Markup { MaskClass.patch(ObjectPalette.components(index)) }

    // MARK: COCO's numbers

    private static func numbers(_ found: InstanceRecord, _ record: RunRecord) -> PageSection? {
        guard
            found.boxes.stats.contains(where: { $0 != nil }) || found.boxes.classes.contains(where: { $0.objects > 0 })
        else { return nil }
        let part = record.detailedPart.rawValue
        let images = record.images(record.detailedPart).map { "\(NumberText.grouped($0)) \(part) images" }
        let objects = found.boxes.classes.reduce(0) { $0 &+ $1.objects }
        let sizes: Markup =
            found.sizes.isEmpty ? "" : "<div class=\"card\"><h3>Sizes of objects</h3>\(sizeTable(found))</div>"
        return PageSection(
            identifier: "numbers", title: "COCO's numbers",
            lead:
                "Of \(images ?? "the \(part) images") with \(NumberText.grouped(objects)) objects, as COCO's own evaluator "
                + "counts them. A dash stands where there is no object of the kind. \(record.shownWeights)",
            body: "<div class=\"grid two start\"><div class=\"card\">\(numberTable(found))</div>\(sizes)</div>")
    }

    private static func share(_ value: Double?) -> DataTable.Cell {
        .number(value) { NumberText.percentage($0, decimals: 1) }
    }

    private static func numberTable(_ found: InstanceRecord) -> Markup {
        let rows = InstanceMeasures.titles.enumerated().map { index, title -> [DataTable.Cell] in
            let values = [found.boxes.stats[index]] + (found.masks.map { [$0.stats[index]] } ?? [])
            return [.text(title.name)] + values.map { share($0) } + [.text(title.meaning, kind: "soft")]
        }
        let columns: [DataTable.Column] =
            ["number", .number("boxes")] + (found.masks == nil ? [] : [.number("masks")]) + [""]
        return DataTable(columns: columns, rows: rows, label: "COCO's twelve numbers").markup
    }

    private static func sizeTable(_ found: InstanceRecord) -> Markup {
        let total = found.sizes.reduce(0, +)
        let names = [("small", "below 32 x 32 pixels"), ("medium", "up to 96 x 96"), ("large", "above")]
        let rows = names.enumerated().map { index, name -> [DataTable.Cell] in
            [
                .text(name.0), .count(found.sizes[index]),
                .share(total > 0 ? Double(found.sizes[index]) / Double(total) : nil),
                share(found.boxes.stats[3 + index]), share(found.boxes.stats[9 + index]), .text(name.1, kind: "soft"),
            ]
        }
        return DataTable(
            columns: ["size", .number("objects"), .number("of all"), .number("AP"), .number("recall"), ""], rows: rows,
            label: "Objects by size"
        ).markup
    }

    // MARK: Classes

    private static func classes(_ found: InstanceRecord, _ record: RunRecord) -> PageSection? {
        let shown = found.boxes.classes
        guard !shown.isEmpty else { return nil }
        let masks = found.masks?.classes
        let hasImages = shown.contains { $0.images != nil }
        let hasAnswers = shown.contains { $0.predictions != nil }
        let hasMasks = masks?.count == shown.count
        var columns: [DataTable.Column] = ["class"]
        if hasImages { columns.append(.number("images")) }
        columns.append(.number("objects"))
        if hasAnswers { columns.append(.number("answers")) }
        columns += [.number("AP"), .number("AP50"), .number("AP75")]
        if hasMasks { columns += [.number("mask AP"), .number("mask AP50")] }
        columns += [.number("precision"), .number("recall"), .number("F1"), .number("from score")]
        let rows = shown.enumerated().map { index, kind -> [DataTable.Cell] in
            func count(_ value: Int?) -> DataTable.Cell {
                .number(value.map { Double($0) }) { NumberText.grouped(Int(bounded: $0)) }
            }
            var row = [DataTable.Cell("\(patch(index))\(kind.name)", order: nil, kind: "unbroken")]
            if hasImages { row.append(count(kind.images)) }
            row.append(.count(kind.objects))
            if hasAnswers { row.append(count(kind.predictions)) }
            row += [.share(kind.averages[0]), share(kind.averages[1]), share(kind.averages[2])]
            if hasMasks, let masks { row += [.share(masks[index].averages[0]), share(masks[index].averages[1])] }
            row += [share(kind.precision), share(kind.recall), share(kind.f1)]
            row.append(.number(kind.threshold) { NumberText.fixed($0, decimals: 2) })
            return row
        }
        let table = DataTable(
            columns: columns, rows: rows, isSortable: true, isLimited: true,
            label: "AP, precision and recall of each class")
        let overlap = NumberText.fixed(found.thresholds.overlap, decimals: 2)
        let note: Markup = """
            <p class="lead" style="margin:12px 0 0;font-size:12.5px">AP: the mean precision over all recalls, and over IoU 0.50 to 0.95. Precision, recall and F1: at IoU \(overlap), of the answers from the score on at which the class's F1 is best. A class without objects is in no mean.</p>
            """
        return PageSection(
            identifier: "classes", title: "Classes", lead: threshold(found),
            body: "<div class=\"card\">\(table.markup)\(note)</div>")
    }

    /// Which score answers need, in a sentence; empty where none was found.
    private static func threshold(_ found: InstanceRecord) -> String {
        func text(_ value: Double) -> String { NumberText.fixed(value, decimals: 2) }
        let best = found.thresholds.best.map { "F1 of all classes together is best from a score of \(text($0)) on." }
        let predict = found.thresholds.predict.map {
            "The command predict shows answers from \(text($0)) on, unless told otherwise."
        }
        return [best, predict].compactMap { $0 }.joined(separator: " ")
    }

    // MARK: Several runs

    /// AP by class, where all runs tell the same classes apart on the same objects.
    private static func averages(_ comparison: RunComparison) -> PageSection? {
        let all = comparison.records.map { InstanceRecord($0.result)?.boxes.classes ?? [] }
        guard let first = all.first, !first.isEmpty,
            all.allSatisfy({ $0.map(\.name) == first.map(\.name) && $0.map(\.objects) == first.map(\.objects) })
        else { return nil }
        let rows = first.indices.filter { first[$0].objects > 0 }.map { index -> [DataTable.Cell] in
            [
                DataTable.Cell("\(patch(index))\(first[index].name)", kind: "unbroken"), .count(first[index].objects),
            ]
                + comparison.groups.map { group in
                    .share(Spread(group.indices.compactMap { all[$0][index].averages[0] })?.mean)
                }
        }
        guard !rows.isEmpty else { return nil }
        let table = DataTable(
            columns: ["class", .number("objects")] + comparison.groups.map { .number($0.name) }, rows: rows,
            isSortable: true, isLimited: true, label: "AP of each class")
        let part = comparison.records.first?.detailedPart ?? .test
        return PageSection(
            identifier: "classes", title: "Classes",
            lead: "AP of each class on the \(part.rawValue) images, by the weights of the last epoch.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }
}
