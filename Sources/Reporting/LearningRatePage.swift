import Tensors

/// The loss over a growing learning rate as an HTML file that needs nothing else.
public enum LearningRatePage {
    /// - Parameters:
    ///   - title: what was trained, such as the name of the configuration.
    ///   - lead: what the curve showed, in a sentence.
    ///   - learningRates: one for each update, growing.
    ///   - notes: places on the smoothed curve that are worth a name.
    public static func html(
        title: String, lead: String, learningRates: [Double], losses: [Double], smoothed: [Double],
        notes: [(learningRate: Double, text: String)]
    ) -> String {
        let places = notes.compactMap { note -> LineChart.Note? in
            guard
                let index = learningRates.indices.min(by: {
                    abs(learningRates[$0] - note.learningRate) < abs(learningRates[$1] - note.learningRate)
                })
            else { return nil }
            return LineChart.Note(x: learningRates[index], y: smoothed[index], text: note.text)
        }
        // A diverging end would press the rest of the curve flat.
        let top = 1.2 * max(smoothed.first ?? 1, smoothed.prefix(20).max() ?? 1)
        let low = smoothed.min() ?? 0
        let chart = LineChart(
            title: "loss over learning rate", caption: "each update with a larger learning rate", x: learningRates,
            xTitle: "learning rate", isXLogarithmic: true,
            series: [
                .init(name: "batch", values: losses.map { $0 <= top ? $0 : nil }, color: 1, isFaint: true),
                .init(name: "smoothed", values: smoothed.map { $0 <= top ? $0 : nil }, color: 0),
            ], notes: places.filter { $0.y <= top && $0.y >= low }, height: 360, width: 720)
        return Page(
            title: "\(title) · learning rate", header: "<h1>\(title)</h1><p>\(lead)</p>",
            sections: [PageSection(identifier: "curve", title: "Learning rate", body: chart.figure ?? "")]
        ).html
    }
}
