import Tensors

/// Loss, accuracy, learning rate, gradient norm and speed over the epochs.
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
        let x = record.epochNumbers
        let marks = record.stageStarts.map { (x: $0.epoch, text: $0.title) }
        var loss = LineChart(
            title: "Loss", x: x,
            series: [
                series("training", "trainLoss", Color.training, dashed: true),
                series("validation", "validationLoss", Color.validation),
                series("moving average", "emaValidationLoss", Color.average),
                series("test", "testLoss", Color.test),
            ])
        loss.mayBeLogarithmic = true
        // What a teacher adds makes the training loss another quantity, beside which the others would be a line at 0.
        let hasTerms = record.lossTerms.count > 1
        if hasTerms, loss.series.dropFirst().contains(where: { $0.values.contains { $0 != nil } }) {
            loss.series.removeFirst()
            loss.caption = "cross-entropy; the training loss has a chart of its own"
        }
        var accuracy = LineChart(
            title: "Accuracy", x: x,
            series: [
                series("training", "trainAccuracy", Color.training, dashed: true),
                series("validation", "validationAccuracy", Color.validation),
                series("moving average", "emaValidationAccuracy", Color.average),
                series("test", "testAccuracy", Color.test),
            ], style: .percentage)
        accuracy.limits = 0...1
        accuracy.window = window(record)
        if accuracy.window != nil { accuracy.caption = "the first epochs lie below the axis" }
        accuracy.notes = best(record)
        let rate = LineChart(title: "Learning rate", x: x, series: [series("Learning rate", "learningRate", 0)])
        let hasMedian = record.values("gradientNormMedian").contains { $0 != nil }
        var norm = LineChart(
            title: "Gradient norm", caption: "before clipping", x: x,
            series: hasMedian
                ? [
                    series("largest", "gradientNormMax", Color.training, dashed: true),
                    series("median", "gradientNormMedian", Color.validation),
                ] : [series("mean", "gradientNorm", Color.validation)])
        norm.mayBeLogarithmic = true
        var speed = LineChart(
            title: "Speed", caption: "training images per second", x: x,
            series: [series("Speed", "imagesPerSecond", 0)], style: .grouped)
        speed.includesZero = true
        var memory = LineChart(
            title: "Memory", caption: "highest so far, in megabytes", x: x,
            series: [series("Memory", "peakMemoryMB", 0)], style: .grouped)
        memory.includesZero = true
        var charts = [loss, accuracy, rate, norm, speed, memory]
        if hasTerms {
            var training = LineChart(
                title: "Training loss", caption: "with all terms", x: x,
                series: [series("Training loss", "trainLoss", Color.training, dashed: true)])
            training.mayBeLogarithmic = true
            if loss.series.count < 4 { charts.insert(training, at: 2) }
            var terms = LineChart(
                title: "Terms of the loss", caption: "after their weights", x: x,
                series: record.lossTerms.enumerated().map {
                    series($1, "weightedLoss.\($1)", $0 % 8, dashed: $0 >= 8)
                })
            terms.mayBeLogarithmic = true
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

    private static func window(_ record: RunRecord) -> ClosedRange<Double>? {
        func line(_ key: String, _ below: Double) -> (values: [Double], below: Double) {
            (record.values(key).compactMap { $0 }, below)
        }
        return LineChart.window([
            line("validationAccuracy", 0.1), line("emaValidationAccuracy", 0.2), line("testAccuracy", 0.1),
            line("trainAccuracy", 0.2),
        ])
    }

    private static func best(_ record: RunRecord) -> [LineChart.Note] {
        let values = record.values("validationAccuracy")
        let wanted = record.summary?["bestEpoch"]?.doubleValue
        let index =
            wanted.flatMap { record.epochNumbers.firstIndex(of: $0) }
            ?? values.indices.max { (values[$0] ?? -1) < (values[$1] ?? -1) }
        guard let index, let value = values[index] else { return [] }
        return [
            LineChart.Note(
                x: record.epochNumbers[index], y: value,
                text: "best \(NumberText.percentage(value, decimals: 1))")
        ]
    }

    /// The numbers themselves, for readers without a mouse or a picture.
    private static func table(_ record: RunRecord) -> Markup {
        let columns: [(title: String, key: String, style: NumberStyle)] = [
            ("training loss", "trainLoss", .plain), ("training accuracy", "trainAccuracy", .percentage),
            ("validation loss", "validationLoss", .plain), ("validation accuracy", "validationAccuracy", .percentage),
            ("moving average", "emaValidationAccuracy", .percentage), ("test accuracy", "testAccuracy", .percentage),
            ("gradient norm", "gradientNormMedian", .plain), ("learning rate", "learningRate", .plain),
            ("images/s", "imagesPerSecond", .grouped), ("memory, MB", "peakMemoryMB", .grouped),
        ]
        let kept = columns.map { ($0, record.values($0.key)) }.filter { $0.1.contains { $0 != nil } }
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
