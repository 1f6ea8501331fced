import JSON

/// Images whose answers are farthest off, with what the model says and what is true.
enum WorstImages {
    /// Nil where the run kept none.
    /// - Parameter lead: what the images are chosen by, after "Test images" or "Validation images".
    static func section(_ record: RunRecord, lead: String) -> PageSection? {
        func words(_ json: JSONValue?) -> String {
            let words = (json?.arrayValue ?? []).compactMap(\.stringValue)
            return words.isEmpty ? "nothing" : words.joined(separator: ", ")
        }
        let figures = (record.result?["mistakes"]?.arrayValue ?? []).compactMap { mistake -> Markup? in
            guard let picture = PixelSheet(mistake) else { return nil }
            let file = mistake["name"]?.stringValue ?? ""
            return """
                <figure title="\(file)"><img alt="\(file)" src="\(picture.source)" width="\(picture.width)" height="\(picture.height)" loading="lazy">
                <p class="said"><b>says \(words(mistake["predicted"]))</b></p>
                <p class="truth"><b>is \(words(mistake["actual"]))</b></p></figure>

                """
        }
        guard !figures.isEmpty else { return nil }
        return PageSection(
            identifier: "mistakes", title: "Farthest off",
            lead:
                "\(record.detailedPart == .test ? "Test" : "Validation") images \(lead): what the model says, and what is "
                + "true. Wrong labels often turn up here. \(record.shownWeights)",
            body: "<div class=\"images\">\(figures)</div>")
    }
}
