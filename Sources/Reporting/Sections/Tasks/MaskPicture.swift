import JSON

/// An image with its label, the answer and where that is wrong, as files of `report/` hold it.
struct MaskPicture {
    let name: String
    /// Its place in the data set, by which the same image is known in every snapshot.
    let index: Int?
    let meanIoU: Double?
    let image: PixelSheet
    let truth: PixelSheet
    let answer: PixelSheet
    let errors: PixelSheet

    /// - Returns: nil where one of the four is missing or does not fit the size.
    init?(_ json: JSONValue) {
        func sheet(_ key: String) -> PixelSheet? {
            PixelSheet(json, pixels: key).flatMap { $0.channels == 3 ? $0 : nil }
        }
        guard let image = sheet("pixels"), let truth = sheet("truth"), let answer = sheet("answer"),
            let errors = sheet("errors")
        else { return nil }
        name = json["name"]?.stringValue ?? ""
        index = json["index"]?.integerValue
        meanIoU = MaskClass.share(json["meanIoU"])
        (self.image, self.truth, self.answer, self.errors) = (image, truth, answer, errors)
    }

    /// Those of a list that are whole.
    static func all(_ json: JSONValue?) -> [MaskPicture] {
        (json?.arrayValue ?? []).prefix(24).compactMap { MaskPicture($0) }
    }

    var sheets: [PixelSheet] { [image, truth, answer, errors] }

    /// The measure as it stands beside a picture.
    var score: String { meanIoU.map { NumberText.percentage($0, decimals: 1) } ?? "–" }

    /// All four side by side with the name and the measure above them.
    var card: Markup {
        let tiles = zip(["image", "truth", "prediction", "errors"], sheets).map { title, sheet in
            Self.tile(sheet, title: title, alternative: "\(name), \(title)")
        }
        return """
            <figure class="card"><figcaption><strong>\(name)</strong><span>mIoU \(score)</span></figcaption>
            <div class="tiles">\(tiles)</div></figure>

            """
    }

    /// A picture with what it is above it, where that is said.
    static func tile(_ sheet: PixelSheet, title: String, alternative: String, kind: Markup = "") -> Markup {
        """
        <p class="tile\(kind)">\(title)<img alt="\(alternative)" src="\(sheet.coarse.source)" width="\(sheet.width)" height="\(sheet.height)" loading="lazy"></p>
        """
    }
}
