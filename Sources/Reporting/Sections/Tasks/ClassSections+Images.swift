import JSON

// Images of single answers: those behind the cells of the confusion matrix, and where answers come from.
extension ClassSections {
    /// A class, another one that it was taken for, and some of the images, as pictures with their names.
    struct Pair {
        let actual: Int
        let predicted: Int
        var images: [(json: JSONValue, picture: PixelSheet)]
    }

    /// The pairs of which the run kept images.
    static func pairs(_ record: RunRecord) -> [Pair] {
        var pairs: [Pair] = []
        for image in (record.result?["examples"]?.arrayValue ?? []).prefix(1000) {
            guard let actual = image["actual"]?.integerValue, let predicted = image["predicted"]?.integerValue,
                (0..<100_000).contains(actual), (0..<100_000).contains(predicted), let picture = PixelSheet(image)
            else { continue }
            if let index = pairs.firstIndex(where: { $0.actual == actual && $0.predicted == predicted }) {
                pairs[index].images.append((image, picture))
            } else {
                pairs.append(Pair(actual: actual, predicted: predicted, images: [(image, picture)]))
            }
        }
        return pairs
    }

    private static func share(_ value: JSONValue?) -> String {
        value?.doubleValue.map { NumberText.percentage($0, decimals: 0) } ?? ""
    }

    /// The images that cells of the confusion matrix lead to.
    static func examples(_ record: RunRecord) -> PageSection? {
        let pairs = pairs(record)
        guard !pairs.isEmpty else { return nil }
        let groups = pairs.map { pair -> Markup in
            let figures = pair.images.map { image -> Markup in
                let file = image.json["name"]?.stringValue ?? ""
                return """
                    <figure title="\(file)"><img alt="\(file)" src="\(image.picture.source)" width="\(image.picture.width)" height="\(image.picture.height)" loading="lazy">
                    <p><span>\(TextWidth.truncated(file, to: 24))</span><span>\(share(image.json["confidence"]))</span></p></figure>

                    """
            }
            return """
                <div id="\(MatrixPicture.anchor(pair.actual, pair.predicted))" class="pair"><h3>\(record.className(pair.actual)) taken for \(record.className(pair.predicted))</h3>
                <div class="images">\(figures)</div></div>

                """
        }
        return PageSection(
            identifier: "confused", title: "Behind the confusion matrix",
            lead:
                "Images of the pairs of classes that are taken for each other most often, the surest answers first, with the "
                + "probability of the wrong class. The numbers of the confusion matrix lead here.",
            body: "\(groups)")
    }

    /// Where the answers to the best and the worst images come from.
    static func explanations(_ record: RunRecord) -> PageSection? {
        let images = (record.result?["explanations"]?.arrayValue ?? []).prefix(64)
        let figures = images.compactMap { image -> Markup? in
            guard let picture = PixelSheet(image), let heat = image["heat"],
                let height = heat["height"]?.integerValue, let width = heat["width"]?.integerValue,
                (1...4096).contains(height), (1...4096).contains(width),
                let values = heat["values"]?.arrayValue?.map({ $0.doubleValue ?? 0 }), values.count == height * width
            else { return nil }
            let covered = HeatPicture(
                pixels: picture.pixels, width: picture.width, height: picture.height, channels: picture.channels
            ).covered(rows: height, columns: width, values, atLeast: 96).sheet
            func name(_ key: String) -> String { image[key]?.integerValue.map(record.className) ?? "?" }
            let file = image["name"]?.stringValue ?? ""
            let isRight = image["actual"]?.integerValue == image["predicted"]?.integerValue
            let truth: Markup = isRight ? "<b>which it is</b>" : "<b>is \(name("actual"))</b>"
            return """
                <figure title="\(file)"><img alt="\(file)" src="\(picture.source)" width="\(picture.width)" height="\(picture.height)" loading="lazy">\
                <img alt="where it looks" src="\(covered.source)" width="\(covered.width)" height="\(covered.height)" loading="lazy">
                <p class="\(isRight ? "right" : "said")"><b>says \(name("predicted"))</b><span>\(share(image["confidence"]))</span></p>
                <p class="truth">\(truth)</p></figure>

                """
        }
        guard !figures.isEmpty else { return nil }
        return PageSection(
            identifier: "explanations", title: "Where answers come from",
            lead:
                "The surest right answers and the surest wrong ones, each image as the model sees it and below it where "
                + "the class that is named comes from: orange, by Grad-CAM. \(record.shownWeights)",
            body: "<div class=\"images\">\(figures)</div>")
    }
}
