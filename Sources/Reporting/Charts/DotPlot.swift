/// Values of several groups: a ring per value, the mean and the standard deviation of each group.
struct DotPlot {
    struct Row {
        let name: String
        let values: [Double]
        let mean: Double
        let deviation: Double
    }

    let rows: [Row]
    let style: NumberStyle

    var markup: Markup {
        let all = rows.flatMap { $0.values + [$0.mean - $0.deviation, $0.mean + $0.deviation] }
        guard !all.isEmpty else { return "" }
        let axis = Axis(all, style: style, count: 8)
        let (width, left, right, line) = (960.0, 110.0, 20.0, 38.0)
        let bottom = line * Double(rows.count) + 8
        func x(_ value: Double) -> Double { left + (width - left - right) * axis.position(value) }
        let grid = axis.ticks.map { tick -> Markup in
            """
            <line class="grid" x1="\(x(tick.value))" x2="\(x(tick.value))" y1="4" y2="\(bottom)"/>\
            <text class="tick" x="\(x(tick.value))" y="\(bottom + 18)" text-anchor="middle">\(tick.text)</text>
            """
        }
        let marks = rows.enumerated().map { index, row -> Markup in
            let y = line * (Double(index) + 0.5) + 4
            let rings = row.values.map { value in
                Markup(
                    "<circle cx=\"\(x(value))\" cy=\"\(y)\" r=\"5\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.75\"/>"
                )
            }
            return """
                <g class="c\(index % 8)"><text x="\(left - 14)" y="\(y + 4)" text-anchor="end" style="fill:var(--ink);font-size:13px">\(row.name)</text>\
                <line x1="\(x(row.mean - row.deviation))" x2="\(x(row.mean + row.deviation))" y1="\(y)" y2="\(y)" stroke="currentColor" stroke-width="2" stroke-opacity=".6"/>\
                <line x1="\(x(row.mean))" x2="\(x(row.mean))" y1="\(y - 10)" y2="\(y + 10)" stroke="currentColor" stroke-width="3"/>\(rings)</g>

                """
        }
        return ScrollBox(
            label: "Values of each group",
            body: """
                <svg class="dots" viewBox="0 0 \(width) \(bottom + 26)" role="img" aria-label="Values of each group">\(grid)\(marks)</svg>
                """
        ).markup
    }
}
