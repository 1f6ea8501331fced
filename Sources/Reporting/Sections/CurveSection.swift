// Sections: parts of pages, each made from records and left out where a run has not written what it shows. What belongs
// to one task alone is in Tasks.

/// Loss, metrics, learning rate, gradient norm and speed over the epochs.
enum CurveSection {
    /// Colours that mean the same on every chart.
    private enum Color {
        static let validation = 0
        static let training = 1
        static let test = 2
        static let average = 3
        static let other = 5
    }

    static func make(_ record: RunRecord) -> PageSection? {
        guard !record.epochs.isEmpty else { return nil }
        let charts = charts(record).compactMap(\.figure)
        guard !charts.isEmpty else { return nil }
        return PageSection(
            identifier: "curves", title: "Curves",
            lead: "Training values are means over the epoch, with augmented images and dropped paths, so they may lie "
                + "below those of validation.",
            body: "<div class=\"grid two\">\(charts)</div>\(table(record))")
    }

    private static func charts(_ record: RunRecord) -> [LineChart] {
        func series(_ name: String, _ key: String, _ color: Int, dashed: Bool = false, faint: Bool = false)
            -> LineChart.Series
        {
            LineChart.Series(
                name: name, values: record.values(key), color: color, isDashed: dashed, isFaint: faint)
        }
        func line(_ title: String, _ metric: Metric) -> LineChart {
            LineChart(
                title: title, x: record.epochNumbers,
                series: [
                    series("training", metric.key("train"), Color.training, dashed: true),
                    series("validation", metric.key("validation"), Color.validation),
                    series("moving average", metric.key("emaValidation"), Color.average),
                    series("test", metric.key("test"), Color.test),
                ], style: metric.numberStyle)
        }
        let x = record.epochNumbers
        let marks = record.stageStarts.map { (x: $0.epoch, text: $0.title) }
        var loss = line("Loss", .loss)
        loss.vertical.mayBeLogarithmic = true
        // What a teacher adds makes the training loss another quantity, beside which the others would be a line at 0.
        let hasTerms = record.lossTerms.count > 1
        if hasTerms, loss.series.dropFirst().contains(where: { $0.values.contains { $0 != nil } }) {
            loss.series.removeFirst()
            loss.caption =
                (record.primary == .accuracy ? "cross-entropy; " : "") + "the training loss has a chart of its own"
        }
        if record.primary.name == Metric.loss.name { loss.notes = best(record) }
        let measures = Metric.shown(record.metrics).prefix(8).map { metric -> LineChart in
            var chart = line(metric.heading, metric)
            chart.vertical.limits = metric.limits
            chart.vertical.mayBeLogarithmic = metric.style == .plain && !metric.isHigherBetter
            if metric.fillsTheTop { chart.vertical.window = window(record, metric) }
            if chart.vertical.window != nil { chart.caption = "the first epochs lie below the axis" }
            if metric == record.primary { chart.notes = best(record) }
            return chart
        }
        let rate = LineChart(title: "Learning rate", x: x, series: [series("Learning rate", "learningRate", 0)])
        let hasMedian = record.values("gradientNormMedian").contains { $0 != nil }
        var norm = LineChart(
            title: "Gradient norm", caption: "before clipping", x: x,
            series: hasMedian
                ? [
                    series("largest", "gradientNormMax", Color.training, dashed: true),
                    series("median", "gradientNormMedian", Color.validation),
                ] : [series("mean", "gradientNorm", Color.validation)])
        norm.vertical.mayBeLogarithmic = true
        var speed = LineChart(
            title: "Speed", caption: "training images per second", x: x,
            series: [series("Speed", "imagesPerSecond", 0)], style: .grouped)
        speed.vertical.includesZero = true
        var memory = LineChart(
            title: "Memory", caption: "highest so far, in megabytes", x: x,
            series: [series("Memory", "peakMemoryMB", 0)], style: .grouped)
        memory.vertical.includesZero = true
        var charts = [loss] + measures + [rate, norm, speed, memory]
        if hasTerms {
            var training = LineChart(
                title: "Training loss", caption: "with all terms", x: x,
                series: [series("Training loss", "trainLoss", Color.training, dashed: true)])
            training.vertical.mayBeLogarithmic = true
            if loss.series.count < 4 { charts.insert(training, at: 1 + measures.count) }
            var terms = LineChart(
                title: "Terms of the loss", caption: "after their weights", x: x,
                series: record.lossTerms.enumerated().map {
                    series($1, "weightedLoss.\($1)", $0 % 8, dashed: $0 >= 8)
                })
            terms.vertical.mayBeLogarithmic = true
            charts.insert(terms, at: charts.count - 4)
        }
        // An empty place in a row of two looks like a chart that failed; the highest memory is told above.
        if !charts.count.isMultiple(of: 2) { charts.removeLast() }
        return charts.map { chart in
            var chart = chart
            chart.marks = marks
            return chart
        }
    }

    private static func window(_ record: RunRecord, _ metric: Metric) -> ClosedRange<Double>? {
        func line(_ prefix: String, _ below: Double) -> (values: [Double], below: Double) {
            (record.values(metric.key(prefix)).compactMap { $0 }, below)
        }
        return LineChart.window([
            line("validation", 0.1), line("emaValidation", 0.2), line("test", 0.1), line("train", 0.2),
        ])
    }

    private static func best(_ record: RunRecord) -> [LineChart.Note] {
        let metric = record.primary
        let values = record.scores("validation")
        let wanted = record.summary?["bestEpoch"]?.doubleValue
        let index =
            wanted.flatMap { record.epochNumbers.firstIndex(of: $0) }
            ?? values.indices.min { metric.isOrdered(values[$0], before: values[$1]) }
        guard let index, let value = values[index] else { return [] }
        return [
            LineChart.Note(
                x: record.epochNumbers[index], y: value,
                text: "best \(metric.shortText(value))")
        ]
    }

    /// The numbers themselves, for readers without a mouse or a picture.
    private static func table(_ record: RunRecord) -> Markup {
        typealias Column = (title: String, key: String, style: NumberStyle)
        let metrics = Metric.shown(record.metrics)
        func columns(_ name: String, _ prefix: String) -> [Column] {
            metrics.map { ("\(name) \($0.title)", $0.key(prefix), $0.numberStyle) }
        }
        let average = metrics.map { metric -> Column in
            let name = "moving average" + (metric == record.primary ? "" : ", \(metric.title)")
            return (name, metric.key("emaValidation"), metric.numberStyle)
        }
        let measures: [Column] =
            [("training loss", "trainLoss", .plain)] + columns("training", "train")
            + [("validation loss", "validationLoss", .plain)] + columns("validation", "validation") + average
            + columns("test", "test")
        let all =
            measures + [
                ("gradient norm", "gradientNormMedian", .plain), ("learning rate", "learningRate", .plain),
                ("images/s", "imagesPerSecond", .grouped), ("memory, MB", "peakMemoryMB", .grouped),
            ]
        let kept = all.map { ($0, record.values($0.key)) }.filter { $0.1.contains { $0 != nil } }
        let rows = record.epochNumbers.indices.map { index -> [DataTable.Cell] in
            [DataTable.Cell.number(record.epochNumbers[index]) { NumberText.grouped(Int(bounded: $0)) }]
                + kept.map { column in DataTable.Cell.number(column.1[index], column.0.style.text) }
        }
        // Of a very long run the last lines, which a browser still shows at once.
        let most = 2000
        let table = DataTable(
            columns: [.number("epoch")] + kept.map { .number($0.0.title) }, rows: Array(rows.suffix(most)),
            isLimited: true, label: "Numbers of the epochs")
        let note = rows.count > most ? "last \(most) of \(rows.count) epochs" : "all epochs"
        return """
            <details><summary>The numbers of \(note)</summary><div class="card" style="margin-top:10px">\(table.markup)</div></details>
            """
    }
}
