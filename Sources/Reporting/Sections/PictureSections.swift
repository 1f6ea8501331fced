import JSON
import Tensors

/// Pictures of what went into a model and of what it learnt.
enum PictureSections {
    /// Augmented training images, a row per image.
    static func samples(_ record: RunRecord) -> PageSection? {
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
        let names = (record.run?["classNames"]?.arrayValue ?? []).compactMap(\.stringValue)
        let rows = (samples["images"]?.arrayValue ?? []).compactMap { entry -> Markup? in
            let label = entry["label"]?.integerValue ?? 0
            let name = names.indices.contains(label) ? names[label] : "class \(label)"
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

    /// Kernels, and global filters in the frequency plane.
    static func filters(_ record: RunRecord) -> PageSection? {
        let banks = FilterBank.all(record).filter { !$0.filters.isEmpty }
        guard !banks.isEmpty else { return nil }
        let hasSpectra = banks.contains { $0.isSpectrum }
        let cards = banks.map { bank -> Markup in
            let images = bank.filters.indices.map { index -> Markup in
                let picture = bank.picture(index)
                return
                    "<img alt=\"\" src=\"\(picture.source)\" width=\"\(picture.width)\" height=\"\(picture.height)\" loading=\"lazy\">"
            }
            var scale = PixelSheet(width: 64, height: 1, channels: 3)
            for x in 0..<64 {
                let share = Double(x) / 63
                scale.set(x, 0, bank.isSpectrum ? Colormap.magnitude(share) : Colormap.diverging(share))
            }
            let shown = bank.filters.count < bank.total ? "\(bank.filters.count) of \(bank.total)" : "\(bank.total)"
            return """
                <figure class="card"><figcaption><strong>\(bank.name.hasSuffix(".weight") ? String(bank.name.dropLast(7)) : bank.name)</strong><span>\(shown), \(bank.rows)×\(bank.columns)</span></figcaption>
                <div class="kernels" style="margin-top:10px">\(images)</div>
                <div class="scale"><span>\(NumberStyle.plain.text(bank.low))</span><img alt="" src="\(scale.source)"><span>\(NumberStyle.plain.text(bank.high))</span></div></figure>

                """
        }
        let lead =
            hasSpectra
            ? "Global filters are shown as magnitudes in the frequency plane, frequency 0 in the middle; kernels around 0."
            : "Kernels around 0: blue adds what lies there, orange takes it off. All of a layer share a scale."
        return PageSection(
            identifier: "filters", title: hasSpectra ? "Filters" : "Kernels", lead: lead,
            body: "<div class=\"grid wide\">\(cards)</div>")
    }
}
