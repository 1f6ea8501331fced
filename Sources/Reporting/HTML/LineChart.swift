import Tensors

/// Curves over a common horizontal axis, as SVG that is complete without a script; the script adds reading off values.
struct LineChart {
    struct Series {
        let name: String
        /// One per horizontal position; nil where there is no value, which interrupts the curve.
        var values: [Double?]
        /// The number of the colour, from 0; the same number means the same thing on all charts of a page.
        var color: Int
        var isDashed = false
        /// Drawn behind and thin.
        var isFaint = false
    }

    /// A place on a curve that is worth a name.
    struct Note {
        let x: Double
        let y: Double
        let text: String
    }

    var title: String
    /// What the numbers are, in a few words.
    var caption = ""
    var x: [Double]
    var xTitle = "epoch"
    /// Whether equal ratios of positions have equal lengths.
    var isXLogarithmic = false
    var series: [Series]
    var style = NumberStyle.plain
    var limits: ClosedRange<Double>?
    /// Whether a logarithmic axis is taken where values differ by more than a factor of 30.
    var mayBeLogarithmic = false
    /// Whether the axis begins at 0, so that heights compare as ratios.
    var includesZero = false
    var notes: [Note] = []
    /// Upright lines with names, where a stage begins.
    var marks: [(x: Double, text: String)] = []
    /// [position] between (low, high): bands drawn behind the curves, the palest first.
    var bands: [[(low: Double, high: Double)?]] = []
    var height = 240.0

    /// Of the drawing, in units that are pixels on a wide screen.
    var width = 480.0

    private static let margin = (left: 52.0, right: 14.0, top: 22.0, bottom: 22.0)
    /// More positions than pixels are thinned out.
    private static let mostPoints = 600

    /// The chart as a figure; nil where no curve has a value.
    var figure: Markup? {
        let series = series.filter { $0.values.contains { $0 != nil } }
        guard !x.isEmpty, !series.isEmpty || !bands.isEmpty else { return nil }
        let kept = thinned
        let plotted = kept.map { x[$0] }
        let all =
            series.flatMap { $0.values.compactMap { $0 } }
            + bands.flatMap { $0.flatMap { $0.map { [$0.low, $0.high] } ?? [] } }
        let positive = all.filter { $0 > 0 && $0.isFinite }
        let isWide = (positive.max() ?? 1) / (positive.min() ?? 1) > 30 && positive.count == all.count
        let vertical = Axis(
            includesZero ? all + [0] : all, style: style, logarithmic: mayBeLogarithmic && isWide, limits: limits)
        let horizontal = Axis(
            x.count > 1 ? x : [x[0] - 0.5, x[0] + 0.5], style: .grouped, logarithmic: isXLogarithmic, count: 6,
            isTight: true)
        let frame = Frame(
            left: Self.margin.left, right: width - Self.margin.right,
            top: Self.margin.top + (marks.isEmpty ? 0 : 14), bottom: height - Self.margin.bottom,
            horizontal: horizontal, vertical: vertical)
        let bands = bands.enumerated().map { frame.band($1, x, kept, depth: $0) }
        let curves = series.map { frame.curve($0, x, kept) }
        let legend = series.count > 1 || series[0...].first.map { $0.name != title } ?? false
        let names: Markup = legend ? "<ul class=\"legend\">\(series.map(Self.legend))</ul>" : ""
        let about: Markup = caption.isEmpty ? "" : "<span>\(caption)</span>"
        return """
            <figure class="chart" data-chart>
            <figcaption><strong>\(title)</strong>\(about)\(names)</figcaption>
            <div class="plot"><svg viewBox="0 0 \(width) \(height)" role="img" aria-label="\(title)" tabindex="0">
            \(frame.grid(xTitle))\(frame.marks(marks))\(bands)\(curves)\(notes.map(frame.note))
            <line class="rule" y1="\(frame.top)" y2="\(frame.bottom)" x1="0" x2="0" visibility="hidden"/>
            </svg><div class="readout" hidden></div></div>
            <script type="application/json">\(readout(series, kept, plotted, frame).embedded)</script>
            </figure>

            """
    }

    /// The positions that are drawn: all, or evenly spaced ones with the last.
    private var thinned: [Int] {
        let step = max(1, (x.count + Self.mostPoints - 1) / Self.mostPoints)
        var kept = Array(stride(from: 0, to: x.count, by: step))
        if kept.last != x.count - 1 { kept.append(x.count - 1) }
        return kept
    }

    private static func legend(_ series: Series) -> Markup {
        let dash: Markup = series.isDashed ? " dashed" : ""
        return "<li><i class=\"key c\(series.color)\(dash)\"></i>\(series.name)</li>"
    }

    /// What the script needs: positions in the drawing and the texts of the values.
    private func readout(_ series: [Series], _ kept: [Int], _ plotted: [Double], _ frame: Frame) -> JSONValue {
        [
            "x": .array(plotted.map { .number(rounded(frame.x($0))) }),
            "labels": .array(
                plotted.map { .string("\(xTitle) \((isXLogarithmic ? NumberStyle.plain : .grouped).text($0))") }),
            "series": .array(
                series.map { one in
                    [
                        "name": .string(one.name), "color": .integer(one.color),
                        "values": .array(kept.map { one.values[$0].map { .string(style.text($0)) } ?? .null }),
                    ]
                }),
        ]
    }
}

func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

/// The rectangle that curves are drawn in.
struct Frame {
    let left, right, top, bottom: Double
    let horizontal, vertical: Axis

    func x(_ value: Double) -> Double { left + (right - left) * horizontal.position(value) }
    func y(_ value: Double) -> Double {
        // A little beyond the frame at most, for values that a limited axis does not reach.
        bottom - (bottom - top) * min(max(vertical.position(value), -0.02), 1.02)
    }

    /// About the width of a letter of the small text.
    private let letterWidth = 6.2

    func grid(_ xTitle: String) -> Markup {
        let rows = vertical.ticks.map { tick -> Markup in
            let y = y(tick.value)
            return """
                <line class="grid" x1="\(left)" x2="\(right)" y1="\(y)" y2="\(y)"/>\
                <text class="tick" x="\(left - 8)" y="\(y + 4)" text-anchor="end">\(tick.text)</text>
                """
        }
        let ticks = horizontal.ticks
        // The last number says what the numbers are; at the edge it ends there. A number that would touch it is left out.
        let lastText = xTitle + " " + (ticks.last?.text ?? "")
        let lastX = x(ticks.last?.value ?? 0)
        let isAtEdge = lastX > right - 30
        let lastBegin = lastX - Double(lastText.count) * (isAtEdge ? 1 : 0.5) * letterWidth
        let columns = ticks.enumerated().map { index, tick -> Markup in
            let x = x(tick.value)
            let isLast = index == ticks.count - 1
            let isCovered = !isLast && x + Double(tick.text.count) / 2 * letterWidth + 4 > lastBegin
            let text = isLast ? lastText : isCovered ? "" : tick.text
            return """
                <line class="mark" x1="\(x)" x2="\(x)" y1="\(bottom)" y2="\(bottom + 4)"/>\
                <text class="tick" x="\(x)" y="\(bottom + 17)" \
                text-anchor="\(isLast && isAtEdge ? "end" : "middle")">\(text)</text>
                """
        }
        return """
            \(rows)<line class="base" x1="\(left)" x2="\(right)" y1="\(bottom)" y2="\(bottom)"/>\(columns)
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

    func band(_ band: [(low: Double, high: Double)?], _ positions: [Double], _ kept: [Int], depth: Int) -> Markup {
        let points = kept.compactMap { index in band[index].map { (x(positions[index]), y($0.low), y($0.high)) } }
        guard points.count > 1 else { return "" }
        let upper = points.map { "\(rounded($0.0)) \(rounded($0.2))" }
        let lower = points.reversed().map { "\(rounded($0.0)) \(rounded($0.1))" }
        return "<path class=\"band b\(depth)\" d=\"M\((upper + lower).joined(separator: "L"))Z\"/>"
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
