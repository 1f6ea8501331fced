/// What is taken for what as a picture: a table of numbers, or a sheet of pixels where there are many classes.
struct MatrixPicture {
    let matrix: ConfusionMatrix
    /// Whether pixels are counted: such counts are long, so that they are shortened, and shares are shown first.
    var isOfPixels = false
    /// The pairs of classes whose images the page shows, at `anchor`.
    var linked: Set<[Int]> = []

    /// The name within links of the images of a pair of classes.
    static func anchor(_ actual: Int, _ predicted: Int) -> String { "pair-\(actual)-\(predicted)" }

    /// More classes than these are shown without numbers.
    private static let mostNumbered = 24
    /// From so many classes on the picture has the width of the page.
    static let leastWide = 8
    /// More names than these would be smaller than can be read.
    private static let mostNamed = 130

    var isWide: Bool { matrix.classes >= Self.leastWide }

    var markup: Markup { matrix.classes <= Self.mostNumbered ? table : sheet }

    /// How strong a colour is: by the share of the row, with its root so that single mistakes show.
    private static func strength(_ share: Double) -> String {
        NumberText.fixed(0.06 + 0.54 * min(max(share, 0), 1).squareRoot(), decimals: 2)
    }

    // MARK: Numbers

    private var table: Markup {
        var counts = [[Int]](
            repeating: [Int](repeating: 0, count: matrix.classes), count: matrix.classes)
        for cell in matrix.cells { counts[cell.actual][cell.predicted] += cell.count }
        let titles = matrix.names.map { name -> Markup in
            "<th scope=\"col\" title=\"\(name)\"><span>\(TextWidth.truncated(name, to: 16))</span></th>"
        }
        let rows = counts.enumerated().map { actual, row -> Markup in
            let cells = row.enumerated().map { cell(actual, $0, $1) }
            let name = matrix.names[actual]
            return "<tr><th scope=\"row\" title=\"\(name)\">\(TextWidth.truncated(name, to: 16))</th>\(cells)</tr>"
        }
        let hasLongNames = matrix.names.contains { TextWidth.columns($0) > 3 }
        let box = ScrollBox(
            label: "Confusion matrix",
            body: """
                <table class="matrix\(hasLongNames ? " named" : "")" style="--n:\(matrix.classes)"><thead><tr><th class="corner"><span>predicted →</span><span>true ↓</span></th>\(titles)</tr></thead>
                <tbody>\(rows)</tbody></table>
                """)
        return """
            <div class="switched"><div class="switch" role="group" aria-label="Numbers in the cells">\
            \(choices)</div>
            \(box.markup)\(Self.scale)</div>
            """
    }

    private var choices: Markup {
        let (count, share): (Markup, Markup) = isOfPixels ? ("", " checked") : (" checked", "")
        let counts: Markup = """
            <input type="radio" name="cells" id="cells-count"\(count)><label for="cells-count">\(isOfPixels ? "pixels" : "counts")</label>
            """
        let shares: Markup = """
            <input type="radio" name="cells" id="cells-share"\(share)><label for="cells-share">percent of the row</label>
            """
        return isOfPixels ? shares + counts : counts + shares
    }

    /// Three digits of a number of pixels, as `12.3M`.
    private static func short(_ count: Int) -> String {
        var (value, unit) = (Double(count), 0)
        while value >= 999.5, unit < 5 { (value, unit) = (value / 1000, unit + 1) }
        let decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
        return NumberText.fixed(value, decimals: decimals) + ["", "k", "M", "G", "T", "P"][unit]
    }

    private func cell(_ actual: Int, _ predicted: Int, _ count: Int) -> Markup {
        guard count > 0 else { return "<td class=\"zero\"></td>" }
        let share = Double(count) / Double(max(1, matrix.counts[actual]))
        let hint =
            "\(matrix.names[actual]) taken for \(matrix.names[predicted]): \(isOfPixels ? NumberText.grouped(count) + " pixels" : "\(count)")"
        let percent = NumberText.fixed(100 * share, decimals: share < 0.0995 ? 1 : 0)
        let isLinked = linked.contains([actual, predicted])
        let numbers: Markup = """
            <span class="count">\(isOfPixels ? Self.short(count) : "\(count)")</span><span class="share">\(percent)</span>
            """
        let body: Markup =
            isLinked ? "<a href=\"#\(Self.anchor(actual, predicted))\">\(numbers)</a>" : numbers
        return """
            <td class="\(actual == predicted ? "" : "miss")" style="--a:\(Self.strength(share))" title="\(hint)\(isLinked ? ", see some" : "")">\
            \(body)</td>
            """
    }

    /// What the colours mean.
    private static let scale: Markup = {
        let steps = [0.01, 0.05, 0.25, 0.5, 1.0]
        func swatches(_ kind: Markup) -> [Markup] {
            steps.map { "<i class=\"swatch\(kind)\" style=\"--a:\(strength($0))\"></i>" }
        }
        return """
            <p class="scale steps"><span>Share of the row:</span><span>1%</span>\(swatches(""))\(swatches(" miss"))<span>100%</span>\
            <span>blue right, orange wrong</span></p>
            """
    }()

    /// Over the cells of a picture.
    private func links(margin: Double, side: Double) -> [Markup] {
        linked.sorted { $0.lexicographicallyPrecedes($1) }.map { pair in
            """
            <a href="#\(Self.anchor(pair[0], pair[1]))"><rect x="\(margin + side * Double(pair[1]))" y="\(margin + side * Double(pair[0]))" \
            width="\(side)" height="\(side)" fill="transparent"><title>\(matrix.names[pair[0]]) taken for \(matrix.names[pair[1]])</title></rect></a>
            """
        }
    }

    // MARK: Pixels

    /// A pixel a pair, with the classes' names as long as they can be read.
    private var sheet: Markup {
        let classes = matrix.classes
        guard let picture = matrix.sheet else {
            return
                "<p class=\"soft\">\(NumberText.grouped(classes)) classes are too many for a picture of all pairs.</p>"
        }
        let isNamed = classes <= Self.mostNamed
        let side = isNamed ? 11.0 : max(1.5, 1000 / Double(classes))
        let longest = matrix.names.reduce(0) { max($0, min(16, TextWidth.columns($1))) }
        let margin = isNamed ? 24 + 5.6 * Double(longest) : 24
        let size = margin + side * Double(classes)
        let names =
            isNamed
            ? matrix.names.enumerated().map { index, name -> Markup in
                let middle = margin + side * (Double(index) + 0.5)
                let text = TextWidth.truncated(name, to: 16)
                return """
                    <text x="\(margin - 4)" y="\(middle + 3)" text-anchor="end">\(text)</text>\
                    <text transform="translate(\(middle + 3) \(margin - 4)) rotate(-90)">\(text)</text>
                    """
            } : []
        let box = ScrollBox(
            label: "Confusion matrix",
            body: """
                <svg class="sheet" viewBox="0 0 \(size) \(size)" style="min-width:\(Int(isNamed ? size : min(size, 600)))px" \
                role="img" aria-label="Confusion matrix of \(classes) classes">\(names)
                <text x="\(isNamed ? margin - 4 : margin + 18)" y="10" text-anchor="\(isNamed ? "end" : "start")" class="corner">predicted →</text>\
                <text x="2" y="\(margin - 4)" class="corner">true ↓</text>
                <image x="\(margin)" y="\(margin)" width="\(side * Double(classes))" height="\(side * Double(classes))" \
                preserveAspectRatio="none" href="\(picture.source)"/>\(links(margin: margin, side: side))</svg>
                """)
        return """
            \(box.markup)<p class="scale"><span>Share of the row: the darker, the larger; the diagonal is what is right.</span></p>
            """
    }
}
