import JSON

/// Training images with what is said of them painted over, plain and as epochs of training meet them.
enum SampleRows {
    /// A row per image; nil where the run wrote none.
    /// - Parameter legend: what the colors mean.
    static func section(_ record: RunRecord, legend: Markup) -> PageSection? {
        guard let samples = record.samples, let width = samples["width"]?.integerValue,
            let height = samples["height"]?.integerValue, let channels = samples["channels"]?.integerValue
        else { return nil }
        func tile(_ json: JSONValue?, name: String, kind: Markup = "") -> Markup? {
            guard let text = json?.stringValue,
                let sheet = PixelSheet(text, width: width, height: height, channels: channels)
            else { return nil }
            return MaskPicture.tile(sheet, title: "", alternative: name, kind: kind)
        }
        let rows = (samples["images"]?.arrayValue ?? []).prefix(64).compactMap { entry -> Markup? in
            let name = entry["name"]?.stringValue ?? ""
            guard let original = tile(entry["original"], name: name, kind: " original") else {
                return nil
            }
            let variants = (entry["variants"]?.arrayValue ?? []).prefix(5).compactMap {
                tile($0, name: name + ", augmented")
            }
            let classes = (entry["classes"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
            return """
                <figure class="card"><figcaption><strong>\(name)</strong><span>\(classes)</span></figcaption>
                <div class="tiles six">\(original)\(variants)</div></figure>

                """
        }
        guard !rows.isEmpty else { return nil }
        return PageSection(
            identifier: "augmentation", title: "Training images",
            lead:
                "Images with their labels as they are, framed, and as the model meets them in five epochs: labels must lie "
                + "on what they name after every change.",
            body: "\(legend)<div class=\"grid two start\">\(rows)</div>")
    }
}
