import JSON

// The pictures of a segmentation's page.
extension MaskSections {
    /// The images that were answered worst and best.
    static func extremes(_ record: RunRecord) -> PageSection? {
        let (worst, best) = (MaskPicture.all(record.result?["worst"]), MaskPicture.all(record.result?["best"]))
        guard !worst.isEmpty || !best.isEmpty else { return nil }
        func group(_ title: String, _ pictures: [MaskPicture]) -> Markup {
            pictures.isEmpty ? "" : "<h3>\(title)</h3><div class=\"pictures\">\(pictures.map(\.card))</div>"
        }
        let part = record.detailedPart == .test ? "Test" : "Validation"
        return PageSection(
            identifier: "images", title: "Worst and best images",
            lead:
                "\(part) images with the lowest and with the highest mIoU of their own. Wrong and careless labels often turn "
                + "up among the worst. \(record.shownWeights)",
            body: "\(legend(record, withErrors: true))\(group("Worst", worst))\(group("Best", best))")
    }

    /// What the colors mean.
    private static func legend(_ record: RunRecord, withErrors: Bool) -> Markup {
        let background = MaskClass.background(record)
        let painted = MaskClass.all(record).filter { $0.index != background && !$0.isUndefined }
        let most = 32
        var items = painted.prefix(most).map { Markup("<li>\($0.patch)\($0.name)</li>") }
        if painted.count > most { items.append("<li>and \(painted.count - most) others, as in the table above</li>") }
        let classes: Markup = items.isEmpty ? "" : "<ul class=\"patches\">\(items)</ul>"
        guard withErrors else { return classes }
        return classes + """
            <ul class="patches"><li>Errors: \(MaskClass.patch([214, 39, 40]))wrong</li><li>\(MaskClass.patch([150, 150, 150]))right</li><li>\(MaskClass.patch([235, 235, 235]))not labeled, so ignored</li></ul>
            """
    }

    /// The same few images after each snapshot, so that one sees the model learn.
    static func progress(_ record: RunRecord) -> PageSection? {
        let snapshots = record.snapshots.map { ($0.epoch, MaskPicture.all(.array($0.images))) }
        // The last one has the images of a run that was gone on with.
        guard let images = snapshots.last(where: { !$0.1.isEmpty })?.1 else { return nil }
        let strips = images.map { image -> Markup in
            let answers = snapshots.compactMap { epoch, pictures -> Markup? in
                guard let picture = pictures.first(where: { $0.isOf(image) }) else { return nil }
                return MaskPicture.tile(
                    picture.answer, title: "epoch \(epoch): \(picture.score)",
                    alternative: "\(image.name), prediction after epoch \(epoch)")
            }
            let truth = MaskPicture.tile(
                image.truth, title: "truth", alternative: "\(image.name), truth", kind: " original")
            return """
                <figure class="card"><figcaption><strong>\(image.name)</strong></figcaption>
                <div class="tiles six">\(truth)\(answers)</div></figure>

                """
        }
        return PageSection(
            identifier: "progress", title: "While it learns",
            lead:
                "What the model said of the same validation images in the course of the run, with the mIoU of each; the label, "
                + "framed, comes first.",
            body: "\(legend(record, withErrors: false))<div class=\"pictures\">\(strips)</div>")
    }

    /// Training images with their masks, a row per image.
    static func samples(_ record: RunRecord) -> PageSection? {
        SampleRows.section(record, legend: legend(record, withErrors: false))
    }
}

extension MaskPicture {
    /// Whether another picture is of the same image.
    fileprivate func isOf(_ other: MaskPicture) -> Bool { index == other.index && name == other.name }
}
