import Foundation

/// The top of a page: what was run and what came out.
enum RunHeader {
    static func make(_ record: RunRecord) -> Markup {
        let problems = record.problems.map { Markup("<p class=\"warning\">\($0).</p>") }
        let unfinished: Markup =
            record.isFinished
            ? ""
            : "<p class=\"warning\">This run is not finished: it is still going on or was interrupted. What it wrote until now is shown.</p>"
        let command: Markup =
            record.run?["command"]?.stringValue.map {
                "<div class=\"command\"><span>Repeat with</span><code>\($0)</code></div>"
            } ?? ""
        return """
            <p class="eyebrow">\(eyebrow(record))</p>
            <h1>\(record.name)</h1>
            <p class="headline">\(headline(record))</p>
            \(unfinished)\(problems)\(facts(record))
            \(command)
            """
    }

    static func date(_ seconds: Double) -> String {
        let text = Date(timeIntervalSince1970: seconds).ISO8601Format()
        return text.prefix(10) + " " + text.dropFirst(11).prefix(5) + " UTC"
    }

    private static func eyebrow(_ record: RunRecord) -> String {
        let kind =
            switch record.run?["kind"]?.stringValue ?? (record.distillation.comparison != nil ? "comparison" : "") {
            case "distillation": "Distillation"
            case "comparison": "Comparison of ways to teach"
            default: "Training run"
            }
        let start = record.run?["startSeconds"]?.doubleValue.map { date($0) }
        let model = record.run?["model"]?["name"]?.stringValue
        return [kind, model, record.run?["data"]?["path"]?.stringValue.map(lastPart), start].compactMap { $0 }
            .joined(separator: "  ·  ")
    }

    private static func lastPart(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private static func headline(_ record: RunRecord) -> Markup {
        if record.distillation.comparison != nil { return ArmSections.headline(record) }
        let (part, metric) = (record.resultPart, record.primary)
        let count = record.images(part)
        let images = count.map { "\(NumberText.grouped($0)) \(part.rawValue) images" } ?? "the \(part.rawValue) images"
        guard let summary = record.summary, let score = record.lastScore else {
            guard let last = record.epochs.last else { return "No epoch is finished yet." }
            let epoch = Int(bounded: record.epochNumbers.last ?? 0)
            let of = record.run?["epochs"]?.integerValue.map { " of \($0)" } ?? ""
            let measured =
                last[metric.key("validation")]?.doubleValue.map { ("validation", $0) }
                ?? last[metric.key("train")]?.doubleValue.map { ("training", $0) }
            guard let measured else { return "<b>Epoch \(epoch)</b>\(of) is done." }
            return
                "<b>\(metric.text(measured.1))</b> \(measured.0) \(metric.title) after epoch \(epoch)\(record.distillation.stages.isEmpty ? of : "")."
        }
        let time = summary["seconds"]?.doubleValue.map { " in \(NumberText.duration($0))" } ?? ""
        let epochs = summary["epochs"]?.integerValue.map { " after \($0) \($0 == 1 ? "epoch" : "epochs")" } ?? ""
        let error = SamplingError.text(score, of: metric, images: count).map { " \($0)" } ?? ""
        var text: Markup =
            metric == .accuracy
            ? "<b>\(metric.text(score))</b>\(error) of \(images) are recognised\(epochs)\(time)."
            : "<b>\(metric.text(score))</b> is the \(metric.title) on \(images)\(epochs)\(time)."
        if part == .validation { text = text + " The data have no test part." }
        if let arm = summary["arm"]?.stringValue {
            let teachers = (summary["order"]?.arrayValue ?? []).compactMap(\.stringValue)
            let list = teachers.joined(separator: ", then ")
            switch arm {
            case "progressive": text = text + " The student learnt from \(list)."
            case "adaptive":
                let met = record.distillation.stages.compactMap { $0["teacher"]?.stringValue }
                text = text + " The student learnt from \((met.isEmpty ? teachers : met).joined(separator: ", then "))."
            case "direct": text = text + " The student learnt from \(teachers.last ?? "one teacher") alone."
            case "ensemble": text = text + " The student learnt from \(teachers.joined(separator: ", ")) at once."
            default: text = text + " The student had no teacher."
            }
        }
        if let reason = summary["stoppedEarly"]?.stringValue { text = text + " It stopped early: \(reason)." }
        return text
    }

    private static func facts(_ record: RunRecord) -> Markup {
        let summary = record.summary
        var facts: [(name: String, value: Markup, isMain: Bool)] = []
        func add(_ name: String, _ value: Double?, isMain: Bool = false, _ text: (Double) -> String) {
            if let value, value.isFinite { facts.append((name, "\(text(value))", isMain)) }
        }
        let metric = record.primary
        /// A value of the metric with its error, and of which epoch it is.
        func add(
            _ name: String, score value: Double?, of part: RunRecord.Part, epoch: Int? = nil, isMain: Bool = false
        ) {
            guard let value, value.isFinite else { return }
            let error = SamplingError.text(value, of: metric, images: record.images(part))
            let notes = [error, epoch.map { "epoch \($0)" }].compactMap { $0 }.joined(separator: ", ")
            let note: Markup = notes.isEmpty ? "" : "<small>\(notes)</small>"
            facts.append((name, "\(metric.text(value))\(note)", isMain))
        }
        func count(_ value: Double) -> String { NumberText.grouped(Int(bounded: value)) }
        let part = record.resultPart
        let title = part == .test ? "Test" : "Validation"
        add("\(title), last epoch", score: record.lastScore, of: part, isMain: true)
        if let best = summary?["bestEpoch"]?.integerValue, record.score("bestValidation") != nil {
            add(
                "\(title), best epoch",
                score: part == .test ? record.score("bestTest") : record.bestValidation, of: part,
                epoch: best)
        }
        add("Test, moving average", score: record.score("emaTest"), of: .test)
        add("Validation, moving average", score: record.score("emaValidation"), of: .validation)
        add("\(title) loss", record.lastLoss) { NumberText.fixed($0, decimals: 4) }
        add("Parameters", record.run?["model"]?["parameters"]?.doubleValue, short)
        add("Multiply-adds", record.run?["model"]?["multiplyAdds"]?.doubleValue, short)
        add(
            "Images/s",
            summary?["imagesPerSecond"]?.doubleValue ?? record.values("imagesPerSecond").last ?? nil, count)
        add("Time", summary?["seconds"]?.doubleValue ?? record.values("seconds").last ?? nil) {
            NumberText.duration($0)
        }
        add("Peak memory", summary?["peakMemoryMB"]?.doubleValue) { "\(NumberText.grouped(Int(bounded: $0))) MB" }
        guard facts.count > 2 else { return "" }
        let items = facts.map { fact -> Markup in
            "<li\(fact.isMain ? " class=\"main\"" as Markup : "")><span>\(fact.name)</span><strong>\(fact.value)</strong></li>"
        }
        return "<ul class=\"facts\">\(items)</ul>"
    }

    /// 379,818 as it is, 28.6 M in place of 28,600,000.
    static func short(_ value: Double) -> String {
        switch value {
        case 1e9...: NumberText.fixed(value / 1e9, decimals: 2) + " G"
        case 1e6...: NumberText.fixed(value / 1e6, decimals: 2) + " M"
        default: NumberText.grouped(Int(bounded: value))
        }
    }
}
