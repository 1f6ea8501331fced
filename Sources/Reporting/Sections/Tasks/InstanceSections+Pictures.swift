import JSON

// The pictures of a detector's page.
extension InstanceSections {
    /// The images that were answered worst and best, and how the others were.
    static func extremes(_ found: InstanceRecord, _ record: RunRecord) -> PageSection? {
        guard !found.worst.isEmpty || !found.best.isEmpty else { return nil }
        func group(_ title: String, _ pictures: [InstancePicture]) -> Markup {
            let cards = pictures.map { card($0, found.classes) }
            return cards.isEmpty ? "" : "<h3>\(title)</h3><div class=\"pictures\">\(cards)</div>"
        }
        let part = record.detailedPart == .test ? "Test" : "Validation"
        let score = found.thresholds.predict ?? found.thresholds.best
        let from = score.map { " of a score from \(NumberText.fixed($0, decimals: 2)) on" } ?? ""
        return PageSection(
            identifier: "images", title: "Worst and best images",
            lead:
                "\(part) images with the truth beside the answers\(from). Objects without a label often turn up among the worst. "
                + record.shownWeights,
            body:
                "\(legend(found.classes, record))\(group("Worst", found.worst))\(group("Best", found.best))\(list(found))"
        )
    }

    private static func card(_ picture: InstancePicture, _ classes: [String]) -> Markup {
        let truth = tile(picture.truthPicture(classes), "truth", "\(picture.name), truth")
        let answer = tile(picture.answerPicture(classes), "answer", "\(picture.name), answer")
        return """
            <figure class="card"><figcaption><strong>\(picture.name)</strong><span>\(picture.verdict)</span></figcaption>
            <div class="tiles pair">\(truth)\(answer)</div></figure>

            """
    }

    private static func tile(
        _ sheet: PixelSheet, _ title: String, _ alternative: String, kind: Markup = ""
    ) -> Markup {
        MaskPicture.tile(sheet, title: title, alternative: alternative, kind: kind)
    }

    /// What the colors mean.
    private static func legend(_ classes: [String], _ record: RunRecord) -> Markup {
        let most = 32
        var items = classes.prefix(most).enumerated().map { Markup("<li>\(patch($0))\($1)</li>") }
        if classes.count > most { items.append("<li>and \(classes.count - most) others</li>") }
        let verdicts: [(DrawnObject.Verdict, String)] = [
            (.found, "found"), (.wrong, "wrong"), (.missed, "missed, dashed"), (.ignored, "does not count, dotted"),
        ]
        let kinds = verdicts.map { verdict, name -> Markup in
            let color = verdict.color
            return "<li>\(MaskClass.patch([Int(color.red), Int(color.green), Int(color.blue)]))\(name)</li>"
        }
        let names: Markup = items.isEmpty ? "" : "<ul class=\"patches\"><li>Truth:</li>\(items)</ul>"
        return "\(names)<ul class=\"patches\"><li>Answers:</li>\(kinds)</ul>"
    }

    private static func list(_ found: InstanceRecord) -> Markup {
        guard !found.images.isEmpty else { return "" }
        let rows = found.images.map { image -> [DataTable.Cell] in
            [
                .text(image.name), .count(image.objects), .count(image.found), .count(image.missed),
                .count(image.wrong),
            ]
        }
        let table = DataTable(
            columns: ["image", .number("objects"), .number("found"), .number("missed"), .number("wrong")], rows: rows,
            isSortable: true, isLimited: true, label: "Objects found and missed of each image")
        return """
            <details style="margin-top:12px"><summary>\(found.images.count) images in numbers, the worst first</summary><div class="card" style="margin-top:10px">\(table.markup)</div></details>
            """
    }

    /// The same few images after each snapshot, so that one sees the model learn.
    static func progress(_ record: RunRecord) -> PageSection? {
        let names = record.classNames
        let snapshots = record.snapshots.map { ($0.epoch, InstancePicture.all(.array($0.images))) }
        // The last one has the images of a run that was gone on with.
        guard let images = snapshots.last(where: { !$0.1.isEmpty })?.1 else { return nil }
        let strips = images.map { image -> Markup in
            let answers = snapshots.compactMap { epoch, pictures -> Markup? in
                guard let picture = pictures.first(where: { $0.index == image.index && $0.name == image.name }) else {
                    return nil
                }
                return tile(
                    picture.answerPicture(names), "epoch \(epoch): \(picture.verdict)",
                    "\(image.name), answer after epoch \(epoch)")
            }
            let truth = tile(
                image.truthPicture(names, showsMissed: false), "truth", "\(image.name), truth", kind: " original")
            return """
                <figure class="card"><figcaption><strong>\(image.name)</strong></figcaption>
                <div class="tiles">\(truth)\(answers)</div></figure>

                """
        }
        return PageSection(
            identifier: "progress", title: "While it learns",
            lead:
                "What the model said of the same validation images in the course of the run; the truth, framed, comes first.",
            body: "\(legend(names, record))<div class=\"pictures\">\(strips)</div>")
    }

    /// Training images with their boxes, a row per image.
    static func samples(_ record: RunRecord) -> PageSection? {
        let names = record.classNames
        let most = 32
        let items = names.prefix(most).enumerated().map { Markup("<li>\(patch($0))\($1)</li>") }
        return SampleRows.section(
            record, legend: items.isEmpty ? "" : "<ul class=\"patches\">\(items)</ul>")
    }
}
