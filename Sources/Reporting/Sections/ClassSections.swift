import JSON
import Tensors

/// Which classes are recognised, and what is taken for what.
enum ClassSections {
    static func confusion(_ record: RunRecord) -> PageSection? {
        guard let matrix = ConfusionMatrix(record), matrix.counts.contains(where: { $0 > 0 }) else { return nil }
        let count = matrix.counts.reduce(0, +)
        let wrong = count - matrix.correct.reduce(0, +)
        let picture = MatrixPicture(matrix: matrix)
        let chart: Markup = "<div class=\"card\"><h3>What is taken for what</h3>\(picture.markup)"
        let body: Markup =
            picture.isWide
            ? """
            <div class="grid">\(chart)</div>
            <div class="grid two start"><div class="card">\(frequent(matrix))</div>
            <div class="card"><h3>Each class</h3>\(table(matrix))</div></div></div>
            """
            : """
            <div class="grid two start">\(chart)\(frequent(matrix))</div>
            <div class="card"><h3>Each class</h3>\(table(matrix))</div></div>
            """
        return PageSection(
            identifier: "classes", title: "Classes",
            lead:
                "\(NumberText.grouped(wrong)) of \(NumberText.grouped(count)) \(record.detailedPart.rawValue) images are "
                + "taken for another class. \(weights(record))",
            body: body)
    }

    /// Which weights the confusion matrix and the mistakes are of.
    private static func weights(_ record: RunRecord) -> String {
        let epoch = record.result?["epoch"]?.integerValue
        var text = "These are the weights of the last epoch"
        if let epoch { text += ", \(epoch)" }
        text += " (weights/last.safetensors)"
        if let best = record.summary?["bestEpoch"]?.integerValue, let epoch, best != epoch {
            text += "; commands take those of epoch \(best), the best by validation, unless told otherwise"
        }
        return text + "."
    }

    private static func frequent(_ matrix: ConfusionMatrix) -> Markup {
        let mistakes = matrix.mistakes.prefix(8)
        guard !mistakes.isEmpty else { return "<p class=\"lead\">Not a single mistake.</p>" }
        let rows = mistakes.map { cell -> [DataTable.Cell] in
            [
                .text(matrix.names[cell.actual]), .text(matrix.names[cell.predicted]), .count(cell.count),
                .share(matrix.share(cell)),
            ]
        }
        return """
            <h3>Most frequent mistakes</h3>
            \(DataTable(columns: ["true", "predicted", .number("images"), .number("of the class")], rows: rows, label: "Most frequent mistakes").markup)
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
                "\(record.detailedPart == .test ? "Test" : "Validation") images for which the wrong answer got the highest "
                + "probability: what the model says, what the label says, and the probability of each. Wrong labels often "
                + "turn up here. \(weights(record))",
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
