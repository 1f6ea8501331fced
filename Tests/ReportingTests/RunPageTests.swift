import Foundation
import JSON
import Reporting
import Testing

/// The page without what a browser runs.
private func scriptless(_ html: String) -> String {
    html.replacing(#/<script[^>]*>[\s\S]*?</script>/#, with: "")
}

private func hasOnlyInnerLinks(_ html: String) -> Bool {
    let links = html.matches(of: #/(?:src|href|action|data)\s*=\s*"([^"]*)"/#).map { String($0.output.1) }
    return !links.isEmpty && links.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("data:image/png;base64,") }
        && !html.contains("@import") && !html.replacing("url(#", with: "").contains("url(") && !html.contains("<link")
}

@Test func aPageShowsEverythingAndLoadsNothing() throws {
    let folder = try RunFolder("first")
    try folder.fill()
    let html = RunPage.html(try folder.record)
    #expect(hasOnlyInnerLinks(html))
    for part in [
        "curves", "classes", "mistakes", "augmentation", "filters", "spread", "model", "configuration", "machine",
    ] {
        #expect(html.contains("<section id=\"\(part)\">"), "\(part) is missing")
    }
    let plain = scriptless(html)
    #expect(!plain.contains("<script"))
    // All of it stands without the script: curves as paths, values in tables.
    for title in ["Loss", "Accuracy", "Learning rate", "Gradient norm", "Speed"] {
        #expect(plain.contains("<strong>\(title)</strong>"), "\(title) is missing")
    }
    #expect(plain.matches(of: #/class="curve c\d[^"]*" d="M/#).count >= 7)
    for text in ["<b>75.00%</b>", "trainer train a.yaml", "command line", "a.yaml:3:1", "A processor", "1,234", "97%"] {
        #expect(plain.contains(text), "\(text) is missing")
    }
    // Recall of "cat" is 3 of 5, precision of "dog" 3 of 5.
    #expect(plain.contains("60.0%"))
    #expect(html.contains("prefers-color-scheme:dark"))
}

@Test func hostileNamesAreShownAndNotObeyed() throws {
    let folder = try RunFolder("x<img src=a onerror=b>")
    let names = ["</script><script>alert(1)</script>", "\" onload=\"alert(2)\u{0}"]
    try folder.fill(classNames: names, rate: "<b onclick='x'>")
    let html = RunPage.html(try folder.record) + ComparisonPage.html([try folder.record, try folder.record])
    #expect(!html.contains("<script>alert") && !html.contains("\" onload=") && !html.contains("<img src=a"))
    #expect(!html.contains("<b onclick") && !html.contains("\u{0}"))
    #expect(html.contains("&lt;/script&gt;&lt;script&gt;alert(1)"))
    // The data of the charts holds names, too: every script element must end where it was meant to.
    #expect(html.matches(of: #/<script/#).count == html.matches(of: #/</script>/#).count)
    for match in html.matches(of: #/<script type="application\/json">([^<]*)</script>/#) {
        _ = try JSONValue(parsing: String(match.output.1))
    }
}

@Test func aCrashedRunHasAPage() throws {
    let folder = try RunFolder()
    try folder.write(
        "metrics.jsonl", RunFolder.epoch(1).text() + "\n" + RunFolder.epoch(2).text() + "\n{\"epoch\":3,\"tr")
    try folder.write("report/run.json", "{\"kind\":")
    try folder.write("config.yaml", "run:\n  seed: <3>\n")
    let html = RunPage.html(try folder.record)
    #expect(html.contains("not finished") && html.contains("<section id=\"curves\">"))
    #expect(html.contains("1 line of metrics.jsonl cannot be read") && html.contains("run.json cannot be read"))
    #expect(html.contains("seed: &lt;3&gt;") && hasOnlyInnerLinks(html))

    let empty = try RunFolder()
    #expect(throws: ReportError.self) { try empty.record }
    try empty.write("config.yaml", "run:\n")
    #expect(RunPage.html(try empty.record).contains("No epoch is finished yet"))
}

@Test func chartsSurviveWhatIsNoNumber() throws {
    let folder = try RunFolder()
    var lines = (1...5).map(RunFolder.epoch)
    lines[1]["trainLoss"] = .null
    lines[2]["trainLoss"] = .number(1e300)
    lines[3]["validationLoss"] = .number(-4)
    for index in lines.indices { lines[index]["learningRate"] = .null }
    lines[4]["epoch"] = .string("five")
    try folder.write("metrics.jsonl", lines: lines)
    let html = RunPage.html(try folder.record)
    let numbers = html.matches(of: #/(?:\sd|\sx|\sy|x1|x2|y1|y2|cx|cy)="([^"]*)"/#).map { $0.output.1.lowercased() }
    #expect(numbers.count > 50)
    #expect(numbers.allSatisfy { !$0.contains("nan") && !$0.contains("inf") })
    // The undefined loss interrupts its curve: a dot for the first epoch, then the rest.
    #expect(html.contains("<circle class=\"dot c1\""))
    #expect(!html.contains("<strong>Learning rate</strong>"))
}

@Test func damagedReportFilesAreLeftOut() throws {
    let folder = try RunFolder()
    try folder.fill()
    try folder.write(
        "report/result.json",
        """
        {"classes":2,"confusion":[[0,0,1],[7,0,2],[0,-1,3],["a"],[1,1,99999999999999]],"mistakes":[{"width":100000,"height":9,
        "channels":3,"pixels":"AAAA"},{}],"filters":[{"name":"w","kind":"kernel","total":1,"rows":0,"columns":4,"low":0,
        "high":1,"pixels":""}]}
        """)
    try folder.write(
        "report/samples.json", "{\"width\":4,\"height\":4,\"channels\":2,\"images\":[{\"original\":\"!!\"}]}")
    let html = RunPage.html(try folder.record)
    #expect(html.contains("<section id=\"classes\">") && !html.contains("<section id=\"mistakes\">"))
    #expect(!html.contains("<section id=\"filters\">") && !html.contains("<section id=\"augmentation\">"))
    #expect(try EventReader.read(TensorBoardExport.file(try folder.record)).count > 6)
}

@Test func runsAreComparedByResultsAndByKeysThatDiffer() throws {
    let (first, second) = (try RunFolder(), try RunFolder())
    try first.fill()
    try second.fill(rate: "0.002")
    try second.write("summary.json", ["testAccuracy": 0.8, "epochs": 6])
    let records = [try first.record, try second.record]
    let comparison = RunComparison(records)
    #expect(Set(comparison.names).count == 2)
    #expect(comparison.differences.map(\.key) == ["optimizer.learningRate"])
    #expect(comparison.differences.first?.values == ["0.001", "0.002"])
    #expect(
        comparison.json["runs"]?.arrayValue?.compactMap { $0["summary"]?["testAccuracy"]?.doubleValue } == [0.75, 0.8])
    let html = ComparisonPage.html(records)
    #expect(hasOnlyInnerLinks(html))
    #expect(html.contains("<td class=\"n\" data-order=\"0.8\">80.00%</td>"))
    #expect(html.contains("optimizer.learningRate") && !html.contains("run.seed"))
    #expect(html.matches(of: #/class="curve c1"/#).count >= 6)
}

@Test func distillationsShowOrderCostsStagesAndArms() throws {
    let folder = try RunFolder()
    try folder.fill()
    try folder.write(
        "metrics.jsonl",
        lines: (1...4).map { epoch in
            var line = RunFolder.epoch(epoch)
            line["stage"] = .integer(epoch <= 2 ? 1 : 2)
            line["teacher"] = .string(epoch <= 2 ? "small & round" : "large")
            line["loss.kd"] = 1
            line["weightedLoss.kd"] = 0.5
            line["loss.ce"] = 2
            line["weightedLoss.ce"] = 2
            return line
        })
    try folder.write(
        "order.json",
        [
            "order": ["small & round", "large"], "scores": ["large": 0.99],
            "costs": [["source": "small & round", "target": "large", "value": 0.437, "errorBar": 0.01]],
            "decisions": [["text": "large last: best score"]],
        ])
    try folder.write(
        "stages.json",
        [
            [
                "stage": 1, "teacher": "small & round", "epochs": 2, "testAccuracyBefore": 0.7,
                "testAccuracyAfter": 0.65, "seconds": 2, "teacherSeconds": 1,
            ]
        ])
    let html = RunPage.html(try folder.record)
    for text in [
        "small &amp; round", "0.44", "large last: best score", "−5.00", "50%", "Terms of the loss", "class=\"stage\"",
    ] {
        #expect(html.contains(text), "\(text) is missing")
    }
    try folder.write(
        "comparison.json",
        [
            "order": ["large"],
            "arms": [
                ["arm": "none", "testAccuracy": ["mean": 0.8, "deviation": 0.01]],
                ["arm": "direct", "testAccuracy": ["mean": 0.9, "deviation": 0.02]],
            ],
            "runs": [
                ["arm": "none", "seed": 0, "testAccuracy": 0.8], ["arm": "direct", "seed": 0, "testAccuracy": 0.9],
            ],
        ])
    let compared = RunPage.html(try folder.record)
    #expect(compared.contains("<section id=\"arms\">") && compared.contains("<b>direct</b>"))
    #expect(compared.contains("90.00% ± 2.00"))
}

@Test func axesHaveRoundNumbers() {
    let plain = Axis([0.13, 0.87])
    #expect(plain.ticks.map(\.text) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(plain.position(0.5) == 0.5)
    #expect(Axis([0.912, 0.948], style: .percentage).ticks.map(\.text) == ["91%", "92%", "93%", "94%", "95%"])
    #expect(
        Axis([0, 12_000_000], style: .grouped).ticks.map(\.text) == ["0", "5.0M", "10.0M", "15.0M"]
            || Axis([0, 12_000_000], style: .grouped).ticks.count > 2)
    let decades = Axis([0.001, 40], logarithmic: true)
    #expect(decades.isLogarithmic && decades.low == 0.001 && decades.high == 50)
    #expect(decades.ticks.map(\.text) == ["0.001", "0.01", "0.1", "1", "10"])
    // One value, no value, values that are none.
    for values in [[0.5], [], [.nan, .infinity], [0, 0]] as [[Double]] {
        let axis = Axis(values)
        #expect(axis.high > axis.low && !axis.ticks.isEmpty)
        #expect(axis.position(0.5).isFinite)
    }
}
