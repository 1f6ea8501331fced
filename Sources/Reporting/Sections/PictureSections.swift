import JSON

/// Pictures of what a model learnt.
enum PictureSections {
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
