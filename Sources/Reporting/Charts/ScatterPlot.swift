/// Pairs of numbers of one unit, with the line on which both are equal.
struct ScatterPlot {
    let title: String
    let caption: String
    /// Of what lies across and of what lies up.
    let titles: (across: String, up: String)
    let points: [(x: Double, y: Double)]

    /// Nil without a point.
    var figure: Markup? {
        let points = points.filter { $0.x.isFinite && $0.y.isFinite }
        guard !points.isEmpty else { return nil }
        let side = 380.0
        // Both axes alike, so that equal numbers lie on the diagonal.
        let axis = Axis(points.flatMap { [$0.x, $0.y] })
        let frame = Frame(
            left: 58, right: side - 14, top: 22, bottom: side - 40, horizontal: axis, vertical: axis)
        let dots = points.map { point in
            Markup(
                "<circle class=\"ring c0\" cx=\"\(rounded(frame.x(point.x)))\" cy=\"\(rounded(frame.y(point.y)))\" r=\"3\"/>"
            )
        }
        let ends =
            "M\(rounded(frame.x(axis.low))) \(rounded(frame.y(axis.low)))"
            + "L\(rounded(frame.x(axis.high))) \(rounded(frame.y(axis.high)))"
        return """
            <figure class="chart"><figcaption><strong>\(title)</strong><span>\(caption)</span></figcaption>
            <div class="plot"><svg viewBox="0 0 \(side) \(side)" role="img" aria-label="\(title)">\(frame.grid(titles.across))\
            <text class="tick" x="8" y="12">\(titles.up)</text>\
            <path class="curve c1 dashed" d="\(ends)"/>\(dots)</svg></div></figure>

            """
    }
}
