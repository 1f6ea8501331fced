import Tensors

/// Which classes are recognised, and what is taken for what.
enum ClassSections {
    /// More classes than these are shown as a picture without numbers.
    private static let mostNumbered = 24

    static func confusion(_ record: RunRecord) -> PageSection? {
        guard let matrix = ConfusionMatrix(record), matrix.counts.contains(where: { $0 > 0 }) else { return nil }
        let count = matrix.counts.reduce(0, +)
        let wrong = count - matrix.correct.reduce(0, +)
        let epoch = record.result?["epoch"]?.integerValue.map { " after epoch \($0)" } ?? ""
        return PageSection(
            identifier: "classes", title: "Classes",
            lead:
                "\(NumberText.grouped(wrong)) of \(NumberText.grouped(count)) \(record.resultPart) images are taken for another class\(epoch). "
                + "Rows are what images show, columns what the model says.",
            body: """
                <div class="grid two start">
                <div class="card"><h3>What is taken for what</h3>\(picture(matrix))\(frequent(matrix))</div>
                <div class="card"><h3>Each class</h3>\(table(matrix))</div>
                </div>
                """)
    }

    private static func picture(_ matrix: ConfusionMatrix) -> Markup {
        guard matrix.classes <= mostNumbered else {
            let sheet = PixelSheet.confusion(matrix)
            return
                "<img class=\"sheet\" alt=\"Confusion matrix\" src=\"\(sheet.source)\" width=\"\(sheet.width)\" height=\"\(sheet.height)\">"
        }
        var counts = [[Int]](
            repeating: [Int](repeating: 0, count: matrix.classes), count: matrix.classes)
        for cell in matrix.cells { counts[cell.actual][cell.predicted] += cell.count }
        let most = Double(matrix.mistakes.first?.count ?? 1)
        let titles = matrix.names.map {
            Markup("<th scope=\"col\" title=\"\($0)\">\(TextWidth.truncated($0, to: 10))</th>")
        }
        let rows = counts.enumerated().map { actual, row -> Markup in
            let cells = row.enumerated().map { predicted, count -> Markup in
                guard count > 0 else { return "<td class=\"zero\">0</td>" }
                let isRight = actual == predicted
                // Mistakes have a scale of their own: next to the diagonal none would show.
                let strength =
                    isRight
                    ? 0.12 + 0.5 * Double(count) / Double(max(1, matrix.counts[actual]))
                    : 0.2 + 0.6 * Double(count) / most
                let hint = "\(matrix.names[actual]) taken for \(matrix.names[predicted]): \(count)"
                return
                    "<td class=\"\(isRight ? "" : "miss")\" style=\"--a:\(NumberText.fixed(strength, decimals: 2))\" title=\"\(hint)\">\(count)</td>"
            }
            let name = matrix.names[actual]
            return "<tr><th scope=\"row\" title=\"\(name)\">\(TextWidth.truncated(name, to: 14))</th>\(cells)</tr>"
        }
        return """
            <div class="scroll"><table class="matrix"><thead><tr><th></th>\(titles)</tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }

    private static func frequent(_ matrix: ConfusionMatrix) -> Markup {
        let mistakes = matrix.mistakes.prefix(8)
        guard !mistakes.isEmpty else { return "<p class=\"lead\" style=\"margin:14px 0 0\">Not a single mistake.</p>" }
        let rows = mistakes.map { cell -> [DataTable.Cell] in
            [
                .text(matrix.names[cell.actual]), .text(matrix.names[cell.predicted]), .count(cell.count),
                .share(matrix.share(cell)),
            ]
        }
        return """
            <h3 style="margin-top:22px">Most frequent mistakes</h3>
            \(DataTable(columns: ["shows", "taken for", .number("images"), .number("of the class")], rows: rows).markup)
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
            isSortable: true, isLimited: true
        ).markup
            + "<p class=\"lead\" style=\"margin:12px 0 0;font-size:12.5px\">Recall: how many images of the class are recognised. Precision: how many images that are taken for it are of it.</p>"
    }

    static func mistakes(_ record: RunRecord) -> PageSection? {
        let mistakes = record.result?["mistakes"]?.arrayValue ?? []
        let names = (record.run?["classNames"]?.arrayValue ?? []).compactMap(\.stringValue)
        func name(_ json: JSONValue?) -> String {
            guard let label = json?.integerValue else { return "?" }
            return names.indices.contains(label) ? names[label] : "class \(label)"
        }
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
                "\(record.resultPart.capitalized) images for which the wrong answer got the highest probability: what the model says, what the label "
                + "says, and the probability of each. Wrong labels often turn up here.",
            body: "<div class=\"images\">\(figures)</div>")
    }
}

extension PixelSheet {
    /// An image as `report/` files hold it: `width`, `height`, `channels` and the bytes.
    init?(_ json: JSONValue, pixels key: String = "pixels") {
        guard let width = json["width"]?.integerValue, let height = json["height"]?.integerValue,
            let channels = json["channels"]?.integerValue, let text = json[key]?.stringValue
        else { return nil }
        self.init(text, width: width, height: height, channels: channels)
    }
}
