// Charts: drawings as SVG that are complete without a script.

import JSON

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
        /// [position] between (low, high): what several seeds spread over, behind the curve in its colour.
        var spread: [(low: Double, high: Double)?] = []
    }

    /// A place on a curve that is worth a name.
    struct Note {
        let x: Double
        let y: Double
        let text: String
    }

    /// The horizontal axis.
    struct Horizontal {
        var values: [Double]
        var title = "epoch"
        /// Whether equal ratios of positions have equal lengths.
        var isLogarithmic = false
        /// Whether the positions count something, so that numbers between them mean nothing.
        var isWhole = true
    }

    /// The vertical axis.
    struct Vertical {
        var style = NumberStyle.plain
        var limits: ClosedRange<Double>?
        /// The part of the range that is worth the room; what lies beyond is cut off at the frame.
        var window: ClosedRange<Double>?
        /// Whether a logarithmic axis is taken where values differ by more than a factor of 30.
        var mayBeLogarithmic = false
        /// Whether the axis begins at 0, so that heights compare as ratios.
        var includesZero = false
    }

    var title: String
    /// What the numbers are, in a few words.
    var caption = ""
    var horizontal: Horizontal
    var vertical = Vertical()
    var series: [Series]
    var notes: [Note] = []
    /// Upright lines with names, where a stage begins.
    var marks: [(x: Double, text: String)] = []
    /// [position] between (low, high): bands drawn behind the curves, the palest first.
    var bands: [[(low: Double, high: Double)?]] = []
    var height = 240.0
    /// Of the drawing, in units that are pixels on a wide screen.
    var width = 480.0

    /// - Parameter x: the horizontal positions, one for each value of a series.
    init(
        title: String, caption: String = "", x: [Double], xTitle: String = "epoch", series: [Series],
        style: NumberStyle = .plain
    ) {
        (self.title, self.caption, self.series) = (title, caption, series)
        horizontal = Horizontal(values: x, title: xTitle)
        vertical.style = style
    }

    private static let margin = (left: 52.0, right: 14.0, top: 22.0, bottom: 38.0)
    /// More positions than pixels are thinned out.
    private static let mostPoints = 600

    /// The chart as a figure; nil where no curve has a value.
    var figure: Markup? { Self.figure([self]) }

    /// Charts of the same curves over different horizontal axes as one figure, of which the page shows one at a time; nil
    /// where no curve has a value.
    static func figure(_ charts: [LineChart]) -> Markup? {
        let plots = charts.enumerated().compactMap { $1.plot(axis: charts.count > 1 ? $0 : nil) }
        guard plots.count == charts.count, let chart = charts.first else { return nil }
        let series = chart.shown
        let legend = series.count > 1 || series.first.map { $0.name != chart.title } ?? false
        let names: Markup =
            legend ? "<ul class=\"legend\">\(series.enumerated().map { Self.legend($0, $1) })</ul>" : ""
        let about: Markup = chart.caption.isEmpty ? "" : "<span>\(chart.caption)</span>"
        return """
            <figure class="chart">
            <figcaption><strong>\(chart.title)</strong>\(about)\(names)</figcaption>
            \(plots)</figure>

            """
    }

    /// The part of the range of accuracies that good results lie in, so that 95 to 100 % are not a line at the top; nil
    /// where there is no need to leave anything out.
    /// - Parameter lines: the values of each curve, and the share of them that may lie below.
    static func window(_ lines: [(values: [Double], below: Double)]) -> ClosedRange<Double>? {
        let lines = lines.filter { !$0.values.isEmpty }
        let lows = lines.map { line in line.values.sorted()[Int(Double(line.values.count - 1) * line.below)] }
        let all = lines.flatMap(\.values)
        guard let low = lows.min(), let least = all.min(), let most = all.max(), most >= 0.85, most - low > 1e-3,
            most - least > 1.6 * (most - low)
        else { return nil }
        return low...most
    }

    /// The curves that have a value.
    private var shown: [Series] { series.filter { $0.values.contains { $0 != nil } } }

    private func plot(axis: Int?) -> Markup? {
        let (series, x) = (shown, horizontal.values)
        guard !x.isEmpty, !series.isEmpty || !bands.isEmpty else { return nil }
        let kept = thinned
        var all: [Double] = []
        for one in series { all += one.values.compactMap { $0 } }
        for spread in series.map(\.spread) + bands {
            for case let range? in spread { all += [range.low, range.high] }
        }
        if let window = vertical.window { all = all.map { min(max($0, window.lowerBound), window.upperBound) } }
        let positive = all.filter { $0 > 0 && $0.isFinite }
        let isWide = (positive.max() ?? 1) / (positive.min() ?? 1) > 30 && positive.count == all.count
        let scale = Axis(
            vertical.includesZero ? all + [0] : all, style: vertical.style,
            logarithmic: vertical.mayBeLogarithmic && isWide, limits: vertical.limits)
        let positions = Axis(
            x.count > 1 ? x : [x[0] - 0.5, x[0] + 0.5], style: .grouped, logarithmic: horizontal.isLogarithmic,
            count: max(2, Int(width / 80)), isTight: true, isWhole: horizontal.isWhole && !horizontal.isLogarithmic)
        let frame = Frame(
            left: Self.margin.left, right: width - Self.margin.right,
            top: Self.margin.top + (marks.isEmpty ? 0 : 14), bottom: height - Self.margin.bottom,
            horizontal: positions, vertical: scale, cuts: vertical.window != nil)
        let bands = bands.enumerated().map { frame.band($1, x, kept, kind: "band b\($0)") }
        let curves = series.enumerated().map { index, one -> Markup in
            let spread: Markup =
                one.spread.isEmpty ? "" : frame.band(one.spread, x, kept, kind: "spread c\(one.color)")
            return "<g data-series=\"\(index)\">\(spread)\(frame.curve(one, x, kept))</g>"
        }
        let cut = frame.cut("\(bands)\(curves)", isCut: vertical.window != nil)
        let place: Markup = axis.map { " data-axis=\"\($0)\"" } ?? ""
        let isBroad = width > 600
        let drawing: Markup = """
            <div class="plot\(isBroad ? " wide" : "")" data-chart\(place)><svg\(width < 300 ? " class=\"small\"" : "") viewBox="0 0 \(width) \(height)" role="img" aria-label="\(title)" tabindex="0">
            \(frame.grid(horizontal.title))\(frame.marks(marks))<g class="drawn">\(cut)</g>\(notes.map(frame.note))
            <line class="rule" y1="\(frame.top)" y2="\(frame.bottom)" x1="0" x2="0" visibility="hidden"/>
            </svg><div class="readout" hidden></div>
            <script type="application/json">\(readout(series, kept, kept.map { x[$0] }, frame).embedded)</script></div>

            """
        return isBroad ? ScrollBox(label: title, body: drawing).markup : drawing
    }

    /// The positions that are drawn: all, or evenly spaced ones with the last.
    private var thinned: [Int] {
        let x = horizontal.values
        let step = max(1, (x.count + Self.mostPoints - 1) / Self.mostPoints)
        var kept = Array(stride(from: 0, to: x.count, by: step))
        if kept.last != x.count - 1 { kept.append(x.count - 1) }
        return kept
    }

    /// A name in the legend, which the script makes a switch for its curve.
    private static func legend(_ index: Int, _ series: Series) -> Markup {
        let dash: Markup = series.isDashed ? " dashed" : ""
        return
            "<li data-series=\"\(index)\"><i class=\"key c\(series.color)\(dash)\"></i><span>\(series.name)</span></li>"
    }

    /// A horizontal position where it is read off.
    private func label(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return NumberText.grouped(Int(bounded: value)) }
        return (horizontal.isLogarithmic ? NumberStyle.plain : .grouped).text(value)
    }

    /// What the script needs: positions in the drawing and the texts of the values.
    private func readout(_ series: [Series], _ kept: [Int], _ plotted: [Double], _ frame: Frame) -> JSONValue {
        [
            "x": .array(plotted.map { .number(rounded(frame.x($0))) }),
            "axes": frame.axes(
                isShare: vertical.style == .percentage, isWhole: horizontal.isWhole && !horizontal.isLogarithmic),
            "labels": .array(plotted.map { .string("\(horizontal.title) \(label($0))") }),
            "series": .array(
                series.map { one in
                    [
                        "name": .string(one.name), "color": .integer(one.color),
                        "values": .array(kept.map { one.values[$0].map { .string(vertical.style.text($0)) } ?? .null }),
                    ]
                }),
        ]
    }
}
