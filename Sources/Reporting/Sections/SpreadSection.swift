/// How weights and gradients of the model's parts spread and change.
enum SpreadSection {
    static func make(_ record: RunRecord) -> PageSection? {
        let lines = record.histograms
        guard lines.count > 1 else { return nil }
        let x = lines.enumerated().map { $1["epoch"]?.doubleValue ?? Double($0 + 1) }
        var names: [String] = []
        for line in lines {
            for group in line["groups"]?.arrayValue ?? [] {
                if let name = group["name"]?.stringValue, !names.contains(name) { names.append(name) }
            }
        }
        names = Array(names.prefix(12))
        func histograms(_ name: String, _ kind: String) -> [Histogram?] {
            lines.map { line in
                line["groups"]?.arrayValue?.first { $0["name"]?.stringValue == name }?[kind].flatMap { Histogram($0) }
            }
        }
        var gradients = LineChart(
            title: "Gradients of the model's parts", caption: "root mean square at the last update of each epoch", x: x,
            series: names.enumerated().map { index, name in
                LineChart.Series(
                    name: name, values: histograms(name, "gradients").map { $0?.rootMeanSquare }, color: index % 8,
                    isDashed: index >= 8)
            })
        gradients.vertical.mayBeLogarithmic = true
        gradients.width = 1100
        gradients.height = 300
        let weights = names.map { name -> LineChart in
            let found = histograms(name, "weights")
            func band(_ low: Double, _ high: Double) -> [(low: Double, high: Double)?] {
                found.map { $0.map { ($0.quantile(low), $0.quantile(high)) } }
            }
            var chart = LineChart(
                title: name, x: x,
                series: [LineChart.Series(name: name, values: found.map { $0?.quantile(0.5) }, color: 0)])
            chart.bands = [band(0.05, 0.95), band(0.25, 0.75)]
            chart.width = 270
            chart.height = 160
            return chart
        }
        guard let first = gradients.figure else { return nil }
        return PageSection(
            identifier: "spread", title: "Weights and gradients",
            lead:
                "Parts whose gradients differ by many orders of magnitude learn at different speeds. The weights' bands "
                + "hold the middle half and the middle nine tenths.",
            body:
                "<div class=\"grid\">\(first)</div><h3>Weights</h3><div class=\"grid three\">\(weights.compactMap(\.figure))</div>"
        )
    }
}
