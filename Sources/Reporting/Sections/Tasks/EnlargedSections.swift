import JSON

/// Super-resolution: how near enlarged images come to the true ones, and pictures of it.
enum EnlargedSections: TaskSections {
    static let task = "superResolution"

    static func sections(_ record: RunRecord) -> [PageSection] {
        [extremes(record), progress(record), SampleRows.section(record, legend: "")].compactMap { $0 }
    }

    static func pictures(_ record: RunRecord) -> [(tag: String, sheet: PixelSheet)] {
        ["worst", "best"].compactMap { key in
            PixelSheet(rows: EnlargedPicture.all(record.result?[key]).map(\.sheets)).map { ("images/" + key, $0) }
        }
    }

    static func snapshots(_ record: RunRecord) -> [(epoch: Int, tag: String, sheet: PixelSheet)] {
        record.snapshots.compactMap { snapshot in
            PixelSheet(rows: EnlargedPicture.all(.array(snapshot.images)).map(\.sheets)).map {
                (snapshot.epoch, "images/snapshots", $0)
            }
        }
    }

    /// The images that stayed farthest from the true ones, and those that came nearest.
    private static func extremes(_ record: RunRecord) -> PageSection? {
        let (worst, best) = (
            EnlargedPicture.all(record.result?["worst"]), EnlargedPicture.all(record.result?["best"])
        )
        guard !worst.isEmpty || !best.isEmpty else { return nil }
        func group(_ title: String, _ pictures: [EnlargedPicture]) -> Markup {
            pictures.isEmpty ? "" : "<h3>\(title)</h3><div class=\"pictures\">\(pictures.map(\.card))</div>"
        }
        let part = record.detailedPart == .test ? "Test" : "Validation"
        return PageSection(
            identifier: "images", title: "Worst and best images",
            lead:
                "\(part) images with the lowest and with the highest PSNR of their own, the middle of each: the small image, "
                + "what bicubic interpolation makes of it, what the model makes of it, and the true image. \(record.shownWeights)",
            body: "\(group("Worst", worst))\(group("Best", best))")
    }

    /// The same few images after each snapshot, so that one sees the model learn.
    private static func progress(_ record: RunRecord) -> PageSection? {
        let snapshots = record.snapshots.map { ($0.epoch, EnlargedPicture.all(.array($0.images))) }
        guard let images = snapshots.last(where: { !$0.1.isEmpty })?.1 else { return nil }
        let strips = images.map { image -> Markup in
            let answers = snapshots.compactMap { epoch, pictures -> Markup? in
                guard let picture = pictures.first(where: { $0.index == image.index && $0.name == image.name }) else {
                    return nil
                }
                return MaskPicture.tile(
                    picture.sheets[2], title: "epoch \(epoch): \(picture.score)",
                    alternative: "\(image.name), enlarged after epoch \(epoch)")
            }
            let truth = MaskPicture.tile(
                image.sheets[3], title: "truth", alternative: "\(image.name), truth", kind: " original")
            return """
                <figure class="card"><figcaption><strong>\(image.name)</strong></figcaption>
                <div class="tiles six">\(truth)\(answers)</div></figure>

                """
        }
        return PageSection(
            identifier: "progress", title: "While it learns",
            lead:
                "What the model made of the same validation images in the course of the run, with the PSNR of each; the true "
                + "image, framed, comes first.", body: "<div class=\"pictures\">\(strips)</div>")
    }
}

/// A small image with what became of it, as files of `report/` hold it.
private struct EnlargedPicture {
    let name: String
    /// Its place in the data set, by which the same image is known in every snapshot.
    let index: Int?
    private let own: Double?
    private let bicubic: Double?
    /// Small, bicubic, enlarged by the model, true.
    let sheets: [PixelSheet]

    /// - Returns: nil where one of the four is missing or does not fit the size.
    private init?(_ json: JSONValue) {
        let found = ["pixels", "bicubic", "answer", "truth"].compactMap { key in
            PixelSheet(json, pixels: key).flatMap { $0.channels == 3 ? $0 : nil }
        }
        guard found.count == 4 else { return nil }
        sheets = found
        name = json["name"]?.stringValue ?? ""
        index = json["index"]?.integerValue
        own = json["PSNR"]?.doubleValue
        bicubic = json["bicubicPSNR"]?.doubleValue
    }

    /// Those of a list that are whole.
    static func all(_ json: JSONValue?) -> [EnlargedPicture] {
        (json?.arrayValue ?? []).prefix(24).compactMap { EnlargedPicture($0) }
    }

    private static func decibels(_ value: Double?) -> String {
        value.map { NumberText.fixed($0, decimals: 2) + " dB" } ?? "–"
    }

    /// The measure as it stands beside a picture.
    var score: String { Self.decibels(own) }

    /// All four side by side with the name and the measures above them.
    var card: Markup {
        let titles = ["small", "bicubic \(Self.decibels(bicubic))", "model \(score)", "truth"]
        let tiles = zip(titles, sheets).map { title, sheet in
            MaskPicture.tile(sheet, title: title, alternative: "\(name), \(title)")
        }
        return """
            <figure class="card"><figcaption><strong>\(name)</strong><span>PSNR \(score)</span></figcaption>
            <div class="tiles">\(tiles)</div></figure>

            """
    }
}
