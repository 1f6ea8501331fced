import JSON

func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

/// The rectangle that curves are drawn in.
struct Frame {
    let left, right, top, bottom: Double
    let horizontal, vertical: Axis
    /// Whether what lies beyond the frame is cut off, so that a curve may leave it.
    var cuts = false

    func x(_ value: Double) -> Double { left + (right - left) * horizontal.position(value) }
    func y(_ value: Double) -> Double {
        // A little beyond the frame at most, for values that a limited axis does not reach; where they are cut off, far
        // enough for the slope to stay, and no farther than a browser draws.
        let room = cuts ? 20 : 0.02
        return bottom - (bottom - top) * min(max(vertical.position(value), -room), 1 + room)
    }

    /// About the width of a letter of the small text on a phone, where it is largest in the drawing's units.
    private let letterWidth = 7.6

    func grid(_ xTitle: String) -> Markup {
        let rows = vertical.ticks.map { tick -> Markup in
            let y = y(tick.value)
            return """
                <line class="grid" x1="\(left)" x2="\(right)" y1="\(y)" y2="\(y)"/>\
                <text class="tick" x="\(left - 8)" y="\(y + 4)" text-anchor="end">\(tick.text)</text>
                """
        }
        // A number that would touch the one before is left out.
        var end = -Double.infinity
        let columns = horizontal.ticks.map { tick -> Markup in
            let x = x(tick.value)
            let half = Double(tick.text.count) / 2 * letterWidth
            let isCovered = x - half < end + letterWidth
            if !isCovered { end = x + half }
            let text: Markup =
                isCovered
                ? "" : "<text class=\"tick\" x=\"\(x)\" y=\"\(bottom + 17)\" text-anchor=\"middle\">\(tick.text)</text>"
            return "<line class=\"mark\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(bottom)\" y2=\"\(bottom + 4)\"/>\(text)"
        }
        return """
            <g class="rows">\(rows)</g><line class="base" x1="\(left)" x2="\(right)" y1="\(bottom)" y2="\(bottom)"/>\
            <g class="columns">\(columns)</g>\
            <text class="tick" x="\(right)" y="\(bottom + 33)" text-anchor="end">\(xTitle)</text>
            """
    }

    /// What the script needs to draw the curves anew: the range of each axis and where its ends lie.
    func axes(isShare: Bool, isWhole: Bool) -> JSONValue {
        func axis(_ axis: Axis, _ from: Double, _ to: Double) -> JSONValue {
            [
                "low": .number(axis.low), "high": .number(axis.high), "log": .bool(axis.isLogarithmic),
                "from": .number(rounded(from)), "to": .number(rounded(to)),
            ]
        }
        var (x, y) = (axis(horizontal, left, right), axis(vertical, bottom, top))
        if isShare { y["share"] = .bool(true) }
        if isWhole { x["whole"] = .bool(true) }
        return ["x": x, "y": y]
    }

    /// Curves within the frame: a drawing of its own cuts off what leaves it.
    func cut(_ curves: Markup, isCut: Bool) -> Markup {
        guard isCut else { return curves }
        let (width, height) = (right - left, bottom - top + 4)
        return """
            <svg x="\(left)" y="\(top - 2)" width="\(width)" height="\(height)" viewBox="\(left) \(top - 2) \(width) \(height)">\(curves)</svg>
            """
    }

    func marks(_ marks: [(x: Double, text: String)]) -> Markup {
        let lines = marks.enumerated().map { index, mark -> Markup in
            let x = x(mark.x)
            let end = index + 1 < marks.count ? self.x(marks[index + 1].x) : right
            let text = TextWidth.truncated(mark.text, to: max(1, Int(bounded: (end - x - 6) / letterWidth)))
            return """
                <line class="stage" x1="\(x)" x2="\(x)" y1="\(top - 14)" y2="\(bottom)"/>\
                <text class="stage" x="\(x + 4)" y="\(top - 4)">\(text)</text>
                """
        }
        return "\(lines)"
    }

    func curve(_ series: LineChart.Series, _ positions: [Double], _ kept: [Int]) -> Markup {
        var path = ""
        var dots: [Markup] = []
        var run: [(Double, Double)] = []
        func end() {
            if run.count == 1 {
                dots.append("<circle class=\"dot c\(series.color)\" cx=\"\(run[0].0)\" cy=\"\(run[0].1)\" r=\"2.5\"/>")
            } else if !run.isEmpty {
                path += "M" + run.map { "\(rounded($0.0)) \(rounded($0.1))" }.joined(separator: "L")
            }
            run = []
        }
        for index in kept {
            guard let value = series.values[index] else {
                end()
                continue
            }
            run.append((x(positions[index]), y(value)))
        }
        end()
        let kind: Markup = "c\(series.color)\(series.isDashed ? " dashed" : "")\(series.isFaint ? " faint" : "")"
        return "<path class=\"curve \(kind)\" d=\"\(path)\"/>\(dots)"
    }

    func band(_ band: [(low: Double, high: Double)?], _ positions: [Double], _ kept: [Int], kind: Markup) -> Markup {
        let points = kept.compactMap { index in band[index].map { (x(positions[index]), y($0.low), y($0.high)) } }
        guard points.count > 1 else { return "" }
        let upper = points.map { "\(rounded($0.0)) \(rounded($0.2))" }
        let lower = points.reversed().map { "\(rounded($0.0)) \(rounded($0.1))" }
        return "<path class=\"\(kind)\" d=\"M\((upper + lower).joined(separator: "L"))Z\"/>"
    }

    func note(_ note: LineChart.Note) -> Markup {
        let (x, y) = (x(note.x), y(note.y))
        let isLeft = x > (left + right) / 2
        return """
            <circle class="note" cx="\(x)" cy="\(y)" r="3.5"/>\
            <text class="note" x="\(isLeft ? x + 4 : x - 4)" y="\(y - 9)" \
            text-anchor="\(isLeft ? "end" : "start")">\(note.text)</text>
            """
    }
}
