/// A metric over the values of one key: a ring per run, a bar per mean, and a line through the means of numbers.
struct ValuePlot {
    struct Dot {
        /// The position of the value among the values.
        let place: Int
        let score: Double
        /// The number of the colour.
        let color: Int
        /// What the dot is, where the pointer rests on it.
        let text: String
    }

    let title: String
    let metric: Metric
    let values: [String]
    let dots: [Dot]
    /// What the colours mean; empty where there is but one.
    var legend: [String] = []

    var figure: Markup? {
        guard !dots.isEmpty, !values.isEmpty else { return nil }
        let isWide = values.count > 10
        let (width, height) = (isWide ? 1100.0 : 480.0, isWide ? 300.0 : 260.0)
        let (left, right, top, bottom) = (52.0, width - 14, 18.0, height - 30)
        let axis = Axis(dots.map(\.score), style: metric.numberStyle, limits: metric.limits)
        let column = (right - left) / Double(values.count)
        func y(_ value: Double) -> Double { bottom - (bottom - top) * axis.position(value) }
        func middle(_ place: Int) -> Double { left + column * (Double(place) + 0.5) }
        let grid = axis.ticks.map { tick -> Markup in
            """
            <line class="grid" x1="\(left)" x2="\(right)" y1="\(y(tick.value))" y2="\(y(tick.value))"/>\
            <text class="tick" x="\(left - 8)" y="\(y(tick.value) + 4)" text-anchor="end">\(tick.text)</text>
            """
        }
        let letters = max(3, Int(column / 8))
        let titles = values.enumerated().map { index, value -> Markup in
            """
            <text class="tick" x="\(middle(index))" y="\(bottom + 19)" text-anchor="middle">\(TextWidth.truncated(value, to: letters))<title>\(value)</title></text>
            """
        }
        let colors = max(1, legend.count)
        // A line between names would tell of something in between.
        let isOrdered = values.allSatisfy { Double($0) != nil }
        var means: [Markup] = []
        var marks: [Markup] = []
        for color in 0..<colors {
            var path: [String] = []
            // Side by side where colours tell groups apart.
            let step = min(26, column * 0.8 / Double(colors))
            let shift = step * (Double(color) - Double(colors - 1) / 2)
            for place in values.indices {
                let own = dots.filter { $0.place == place && $0.color == color }
                guard let mean = Spread(own.map(\.score))?.mean else { continue }
                let x = middle(place) + shift
                path.append("\(rounded(x)) \(rounded(y(mean)))")
                let half = min(13, max(5, step / 2))
                means.append(
                    "<line class=\"mean c\(color % 8)\" x1=\"\(x - half)\" x2=\"\(x + half)\" y1=\"\(y(mean))\" y2=\"\(y(mean))\"/>"
                )
                for (index, dot) in own.enumerated() {
                    let jitter = own.count > 1 ? (Double(index) / Double(own.count - 1) - 0.5) * half : 0
                    marks.append(
                        "<circle class=\"ring c\(color % 8)\" cx=\"\(x + jitter)\" cy=\"\(y(dot.score))\" r=\"4\"><title>\(dot.text)</title></circle>"
                    )
                }
            }
            if path.count > 1, isOrdered {
                means.append("<path class=\"curve faint c\(color % 8)\" d=\"M\(path.joined(separator: "L"))\"/>")
            }
        }
        let names = legend.enumerated().map {
            Markup("<li><i class=\"key c\($0 % 8)\"></i><span>\($1)</span></li>")
        }
        let key: Markup = legend.count > 1 ? "<ul class=\"legend\">\(names)</ul>" : ""
        let drawing: Markup = """
            <div class="plot\(isWide ? " wide" : "")"><svg viewBox="0 0 \(width) \(height)" role="img" aria-label="\(metric.heading) over \(title)">\(grid)\(titles)\(means)\(marks)</svg></div>
            """
        return """
            <figure class="chart"><figcaption><strong>\(title)</strong><span>best validation \(metric.title)</span>\(key)</figcaption>
            \(isWide ? ScrollBox(label: title, body: drawing).markup : drawing)</figure>

            """
    }
}
