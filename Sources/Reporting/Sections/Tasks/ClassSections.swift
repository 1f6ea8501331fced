import JSON
import RunLayout

/// Classification: which classes are recognised, and what is taken for what.
enum ClassSections: TaskSections {
    static let task = "classification"

    static func sections(_ record: RunRecord) -> [PageSection] {
        [
            confusion(record), CalibrationSection(record)?.section, explanations(record), mistakes(record),
            examples(record), samples(record),
        ].compactMap { $0 }
    }

    static func sections(_ comparison: RunComparison) -> [PageSection] { [recall(comparison)].compactMap { $0 } }

    static func pictures(_ record: RunRecord) -> [(tag: String, sheet: PixelSheet)] {
        (ConfusionMatrix(record)?.sheet).map { [("images/confusion", $0)] } ?? []
    }

    private static func confusion(_ record: RunRecord) -> PageSection? {
        guard let matrix = ConfusionMatrix(record), matrix.counts.contains(where: { $0 > 0 }) else { return nil }
        var picture = MatrixPicture(matrix: matrix)
        picture.linked = Set(pairs(record).map { [$0.actual, $0.predicted] })
        let chart: Markup = "<div class=\"card\"><h3>What is taken for what</h3>\(picture.markup)"
        let body: Markup =
            picture.isWide
            ? """
            <div class="grid">\(chart)</div>
            <div class="grid two start"><div class="card">\(frequent(matrix, linked: picture.linked))</div>
            <div class="card"><h3>Each class</h3>\(table(matrix))</div></div></div>
            """
            : """
            <div class="grid two start">\(chart)\(frequent(matrix, linked: picture.linked))</div>
            <div class="card"><h3>Each class</h3>\(table(matrix))</div></div>
            """
        return PageSection(
            identifier: "classes", title: "Classes",
            lead:
                "\(NumberText.grouped(matrix.wrong)) of \(NumberText.grouped(matrix.total)) "
                + "\(record.detailedPart.rawValue) images are taken for another class. \(record.shownWeights)",
            body: body)
    }

    /// - Parameters:
    ///   - title: what the pairs are called.
    ///   - unit: what is counted.
    ///   - linked: the pairs of classes whose images the page shows.
    static func frequent(
        _ matrix: ConfusionMatrix, title: String = "Most frequent mistakes", unit: String = "images",
        linked: Set<[Int]> = []
    ) -> Markup {
        let mistakes = matrix.mistakes.prefix(8)
        guard !mistakes.isEmpty else { return "<p class=\"lead\">Not a single mistake.</p>" }
        let rows = mistakes.map { cell -> [DataTable.Cell] in
            [
                .text(matrix.names[cell.actual]), .text(matrix.names[cell.predicted]),
                linked.contains([cell.actual, cell.predicted])
                    ? DataTable.Cell(
                        "<a href=\"#\(MatrixPicture.anchor(cell.actual, cell.predicted))\">\(NumberText.grouped(cell.count))</a>",
                        order: Double(cell.count)) : .count(cell.count),
                .share(matrix.share(cell)),
            ]
        }
        return """
            <h3>\(title)</h3>
            \(DataTable(columns: ["true", "predicted", .number(unit), .number("of the class")], rows: rows, label: title).markup)
            """
    }

    private static func table(_ matrix: ConfusionMatrix) -> Markup {
        let rows = (0..<matrix.classes).filter { matrix.counts[$0] + matrix.predicted[$0] > 0 }.map {
            label -> [DataTable.Cell] in
            [
                .text(matrix.names[label]), .count(matrix.counts[label]), .share(matrix.recall(label)),
                .share(matrix.precision(label)),
            ]
        }
        return DataTable(
            columns: ["class", .number("images"), .number("recall"), .number("precision")], rows: rows,
            isSortable: true, isLimited: true, label: "Recall and precision of each class"
        ).markup
            + "<p class=\"lead\" style=\"margin:12px 0 0;font-size:12.5px\">Recall: how many images of the class are recognised. Precision: how many images that are taken for it are of it.</p>"
    }

    private static func mistakes(_ record: RunRecord) -> PageSection? {
        let mistakes = record.result?["mistakes"]?.arrayValue ?? []
        func name(_ json: JSONValue?) -> String { json?.integerValue.map(record.className) ?? "?" }
        let figures = mistakes.compactMap { mistake -> Markup? in
            guard let picture = PixelSheet(mistake) else { return nil }
            func share(_ key: String) -> String {
                mistake[key]?.doubleValue.map { NumberText.percentage($0, decimals: $0 < 0.001 ? 2 : $0 < 0.1 ? 1 : 0) }
                    ?? ""
            }
            let file = mistake["name"]?.stringValue ?? ""
            return """
                <figure title="\(file)"><img alt="\(file)" src="\(picture.source)" width="\(picture.width)" height="\(picture.height)" loading="lazy">
                <p class="said"><b>says \(name(mistake["predicted"]))</b><span>\(share("confidence"))</span></p>
                <p class="truth"><b>is \(name(mistake["actual"]))</b><span>\(share("actualProbability"))</span></p></figure>

                """
        }
        guard !figures.isEmpty else { return nil }
        return PageSection(
            identifier: "mistakes", title: "Most confidently wrong",
            lead:
                "\(record.detailedPart == .test ? "Test" : "Validation") images for which the wrong answer got the highest "
                + "probability: what the model says, what the label says, and the probability of each. Wrong labels often "
                + "turn up here. \(record.shownWeights)",
            body: "<div class=\"images\">\(figures)</div>")
    }

    /// Augmented training images, a row per image.
    private static func samples(_ record: RunRecord) -> PageSection? {
        guard let samples = record.samples, let width = samples["width"]?.integerValue,
            let height = samples["height"]?.integerValue, let channels = samples["channels"]?.integerValue
        else { return nil }
        func image(_ json: JSONValue, _ name: String, kind: Markup = "") -> Markup? {
            guard let text = json.stringValue,
                let sheet = PixelSheet(text, width: width, height: height, channels: channels)
            else { return nil }
            return
                "<img\(kind) alt=\"\(name)\" src=\"\(sheet.source)\" width=\"\(width)\" height=\"\(height)\" loading=\"lazy\">"
        }
        let rows = (samples["images"]?.arrayValue ?? []).compactMap { entry -> Markup? in
            let name = record.className(entry["label"]?.integerValue ?? 0)
            guard let original = image(entry["original"] ?? .null, name, kind: " class=\"original\"") else {
                return nil
            }
            let variants = (entry["variants"]?.arrayValue ?? []).prefix(5).compactMap { image($0, name) }
            return
                "<div class=\"strip\"><span title=\"\(entry["name"]?.stringValue ?? "")\">\(name)</span>\(original)\(variants)</div>\n"
        }
        guard !rows.isEmpty else { return nil }
        return PageSection(
            identifier: "augmentation", title: "Training images",
            lead:
                "One image of each class as it is, framed, and as the model meets it in five epochs. Where images are "
                + "mixed, one may show more of its partner than of itself; its target is mixed alike.",
            body: "<div class=\"card strips\">\(rows)</div>")
    }

    /// Recall by class, where all runs tell the same classes apart on the same images.
    private static func recall(_ comparison: RunComparison) -> PageSection? {
        let matrices = comparison.records.map { ConfusionMatrix($0) }
        guard let first = matrices.first ?? nil,
            matrices.allSatisfy({ $0?.names == first.names && $0?.counts == first.counts })
        else { return nil }
        let rows = first.names.indices.filter { first.counts[$0] > 0 }.map { label -> [DataTable.Cell] in
            [.text(first.names[label]), .count(first.counts[label])]
                + comparison.groups.map { group in
                    .share(Spread(group.indices.compactMap { matrices[$0]?.recall(label) })?.mean)
                }
        }
        let table = DataTable(
            columns: ["class", .number("images")] + comparison.groups.map { .number($0.name) }, rows: rows,
            isSortable: true, isLimited: true, label: "Recall of each class")
        let part = comparison.records.first?.detailedPart ?? .test
        return PageSection(
            identifier: "classes", title: "Classes",
            lead: "How many \(part.rawValue) images of each class are recognised, by the weights of the last epoch.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }
}

extension RunRecord {
    /// Which weights the confusion matrix and the pictures are of, as a sentence.
    var shownWeights: String {
        let epoch = result?["epoch"]?.integerValue
        var text = "These are the weights of the last epoch"
        if let epoch { text += ", \(epoch)" }
        text += " (\(RunFiles.lastWeights))"
        if let best = summary?["bestEpoch"]?.integerValue, let epoch, best != epoch {
            text += "; commands take those of epoch \(best), the best by validation, unless told otherwise"
        }
        return text + "."
    }

    /// The names of the classes, as far as the run wrote them down.
    var classNames: [String] { (run?["classNames"]?.arrayValue ?? []).compactMap(\.stringValue) }

    /// The name of a class, or its number.
    func className(_ label: Int) -> String {
        let names = classNames
        return names.indices.contains(label) ? names[label] : "class \(label)"
    }
}
