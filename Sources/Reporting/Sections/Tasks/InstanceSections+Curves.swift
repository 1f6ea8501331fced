// The curves of a detector's page, and what is taken for what.
extension InstanceSections {
    /// More curves than these cannot be told apart.
    private static let mostClasses = 7

    static func curves(_ found: InstanceRecord, _ record: RunRecord) -> PageSection? {
        guard let curves = found.curves else { return nil }
        let charts = [precisionRecall(curves, found), scores(curves, found), each(curves, found)].compactMap {
            $0?.figure
        }
        guard !charts.isEmpty else { return nil }
        let overlap = NumberText.fixed(found.thresholds.overlap, decimals: 2)
        return PageSection(
            identifier: "precision", title: "Precision and recall",
            lead:
                "At IoU \(overlap), on the \(record.detailedPart.rawValue) images. Precision: how many answers are right. Recall: "
                + "how many objects are found. F1: the harmonic mean of both.",
            body: "<div class=\"grid \(charts.count == 3 ? "three" : "two")\">\(charts)</div>")
    }

    /// The first curve, of all classes, and those of the classes with the most objects, thin.
    private static func series(_ curves: [InstanceCurve], _ found: InstanceRecord) -> [LineChart.Series] {
        guard let first = curves.first else { return [] }
        var objects: [String: Int] = [:]
        for kind in found.boxes.classes { objects[kind.name] = kind.objects }
        let single = curves.dropFirst().enumerated().sorted {
            (objects[$1.element.name] ?? 0, $0.offset) < (objects[$0.element.name] ?? 0, $1.offset)
        }
        // The mean of one class is that class.
        let shown = single.count < 2 ? [] : single.prefix(mostClasses).map(\.element)
        return [LineChart.Series(name: "all classes", values: first.values, color: 0)]
            + shown.enumerated().map { index, curve in
                LineChart.Series(name: curve.name, values: curve.values, color: 1 + index, isFaint: true)
            }
    }

    private static func chart(
        _ title: String, _ caption: String, _ x: [Double], _ xTitle: String, _ series: [LineChart.Series]
    ) -> LineChart {
        var chart = LineChart(
            title: title, caption: caption, x: x, xTitle: xTitle, series: series, style: .percentage)
        chart.horizontal.isWhole = false
        chart.vertical.limits = 0...1
        chart.vertical.includesZero = true
        return chart
    }

    private static func precisionRecall(_ curves: InstanceCurves, _ found: InstanceRecord) -> LineChart? {
        guard !curves.recalls.isEmpty, !curves.precision.isEmpty else { return nil }
        return chart(
            "Precision over recall", "the best precision at this recall or a higher one", curves.recalls, "recall",
            series(curves.precision, found))
    }

    private static func scores(_ curves: InstanceCurves, _ found: InstanceRecord) -> LineChart? {
        guard !curves.scores.isEmpty, let f1 = curves.f1.first else { return nil }
        var lines = [LineChart.Series(name: "F1", values: f1.values, color: 0)]
        if let precision = curves.precisionAt.first {
            lines.append(.init(name: "precision", values: precision.values, color: 1))
        }
        if let recall = curves.recallAt.first {
            lines.append(.init(name: "recall", values: recall.values, color: 2, isDashed: true))
        }
        var chart = chart(
            "By the least score", "of all classes together", curves.scores, "least score", lines)
        let places = curves.scores.indices.filter { f1.values[$0] != nil }
        // Where the best score lies between two positions the curve has no value of its own.
        let best = found.thresholds.best.flatMap { best in
            places.min { abs(curves.scores[$0] - best) < abs(curves.scores[$1] - best) }
        }
        if let best, let value = f1.values[best] {
            chart.notes = [
                .init(x: curves.scores[best], y: value, text: "F1 \(NumberText.percentage(value, decimals: 1))")
            ]
        }
        return chart
    }

    private static func each(_ curves: InstanceCurves, _ found: InstanceRecord) -> LineChart? {
        guard !curves.scores.isEmpty, curves.f1.count > 2 else { return nil }
        let lines = series(curves.f1, found)
        return chart("F1 by the least score", "of each class", curves.scores, "least score", lines)
    }

    /// With the background as last class.
    static func matrix(_ found: InstanceRecord) -> ConfusionMatrix? {
        guard let confusion = found.confusion, !confusion.cells.isEmpty else { return nil }
        return ConfusionMatrix(
            names: found.classes + ["background"],
            cells: confusion.cells.filter { $0.truth <= found.classes.count && $0.answer <= found.classes.count }.map {
                .init(actual: $0.truth, predicted: $0.answer, count: $0.count)
            })
    }

    static func confusion(_ found: InstanceRecord, _ record: RunRecord) -> PageSection? {
        guard let confusion = found.confusion, let matrix = matrix(found), matrix.total > 0 else { return nil }
        let background = found.classes.count
        let answers = matrix.counts[background]
        let missed = matrix.predicted[background]
        let objects = matrix.total - answers
        func text(_ value: Double) -> String { NumberText.fixed(value, decimals: 2) }
        let lead =
            "Answers of a score from \(text(confusion.score)) on, each with the object that it overlaps by an IoU of at least "
            + "\(text(confusion.overlap)), whatever its class. \(NumberText.grouped(missed)) of "
            + "\(NumberText.grouped(objects)) objects are missed (the column of the background), and "
            + "\(NumberText.grouped(answers)) answers lie on no object (its row)."
        let picture = MatrixPicture(matrix: matrix)
        let frequent = ClassSections.frequent(matrix, title: "Most frequent confusions", unit: "times")
        let body: Markup =
            picture.isWide
            ? """
            <div class="grid"><div class="card">\(picture.markup)</div><div class="card">\(frequent)</div></div>
            """
            : """
            <div class="grid two start"><div class="card">\(picture.markup)</div><div class="card">\(frequent)</div></div>
            """
        return PageSection(identifier: "confusion", title: "What is taken for what", lead: lead, body: body)
    }
}
