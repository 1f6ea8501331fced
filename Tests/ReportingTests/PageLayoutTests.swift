import Foundation
import JSON
import Reporting
import Testing

/// Colours of a style sheet, by the names of its variables.
private struct Colors {
    private let values: [Substring: (Double, Double, Double)]

    /// - Parameter block: the declarations of one `:root`.
    init(_ block: Substring) {
        var values: [Substring: (Double, Double, Double)] = [:]
        for match in block.matches(of: #/--([a-z0-9-]+):([^;}]+)/#) {
            let text = match.output.2
            if text.hasPrefix("#") {
                var digits = String(text.dropFirst())
                if digits.count == 3 { digits = digits.map { "\($0)\($0)" }.joined() }
                guard let number = Int(digits, radix: 16) else { continue }
                values[match.output.1] = (Double(number >> 16), Double(number >> 8 & 255), Double(number & 255))
            } else {
                let numbers = text.split(separator: " ").compactMap { Double($0) }
                if numbers.count == 3 { values[match.output.1] = (numbers[0], numbers[1], numbers[2]) }
            }
        }
        self.values = values
    }

    func color(_ name: Substring) throws -> (Double, Double, Double) { try #require(values[name], "--\(name)") }

    /// A colour laid over another.
    func mixed(_ name: Substring, _ share: Double, over ground: Substring) throws -> (Double, Double, Double) {
        let (a, b) = (try color(name), try color(ground))
        return (
            a.0 * share + b.0 * (1 - share), a.1 * share + b.1 * (1 - share), a.2 * share + b.2 * (1 - share)
        )
    }

    static func contrast(_ a: (Double, Double, Double), _ b: (Double, Double, Double)) -> Double {
        func luminance(_ color: (Double, Double, Double)) -> Double {
            func linear(_ value: Double) -> Double {
                let share = value / 255
                return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * linear(color.0) + 0.7152 * linear(color.1) + 0.0722 * linear(color.2)
        }
        let (high, low) = (max(luminance(a), luminance(b)), min(luminance(a), luminance(b)))
        return (high + 0.05) / (low + 0.05)
    }
}

@Suite struct PageLayoutTests {
    private func page(_ change: (RunFolder) throws -> Void = { _ in }) throws -> String {
        let folder = try RunFolder()
        try folder.fill()
        try change(folder)
        return RunPage.html(try folder.record)
    }

    @Test func allTextHasContrastInLightDarkAndPrint() throws {
        let html = try page()
        let blocks = html.matches(of: #/:root\{([^}]*)\}/#).map { $0.output.1 }
        #expect(blocks.count == 3)
        for block in blocks {
            let colors = Colors(block)
            for text in ["ink", "soft", "accent", "miss"] as [Substring] {
                for ground in ["paper", "ground"] as [Substring] {
                    let contrast = Colors.contrast(try colors.color(text), try colors.color(ground))
                    #expect(contrast >= 4.5, "\(text) on \(ground): \(contrast)")
                }
            }
            // The darkest cells of a matrix.
            for heat in ["heat", "miss-cell"] as [Substring] {
                let contrast = Colors.contrast(
                    try colors.color("ink"), try colors.mixed(heat, 0.6, over: "paper"))
                #expect(contrast >= 4.5, "ink on \(heat): \(contrast)")
            }
            // Curves are no text, but must be seen.
            for index in 0..<8 {
                let contrast = Colors.contrast(try colors.color("c\(index)"), try colors.color("paper"))
                #expect(contrast >= 3, "c\(index): \(contrast)")
            }
        }
        // The cells are no stronger than what was computed with.
        let strengths = html.matches(of: #/--a:([\d.]+)/#).compactMap { Double($0.output.1) }
        #expect(!strengths.isEmpty && strengths.allSatisfy { $0 <= 0.6 })
    }

    @Test func tenClassesAreAllShownInSquareCells() throws {
        let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
        let html = try page { folder in
            try folder.fill(classNames: names)
            let cells = (0..<10).map { JSONValue.array([.integer($0), .integer($0), 30]) }
            try folder.write(
                "report/result.json",
                [
                    "epoch": 6, "count": 340, "classes": 10,
                    "confusion": .array(cells + [[0, 8, 10], [8, 0, 30]]),
                ])
        }
        let table = try #require(html.firstMatch(of: #/<table class="matrix[\s\S]*?<\/table>/#)).output
        for name in names { #expect(table.contains("<span>\(name)</span>"), "\(name) is missing") }
        #expect(table.matches(of: #/<td/#).count == 100)
        #expect(table.contains("predicted →") && table.contains("true ↓") && table.contains("matrix named"))
        // The share of the row decides the colour: 10 of 40 are paler than 30 of 60, and 30 of 30 the darkest.
        func strength(_ hint: String) throws -> Double {
            let match = try #require(
                table.matches(of: #/--a:([\d.]+)" title="([^"]*)"/#).first { $0.output.2 == hint }, "\(hint)")
            return try #require(Double(match.output.1))
        }
        let (few, half) = (try strength("airplane taken for ship: 10"), try strength("ship taken for airplane: 30"))
        #expect(try few < half && half < strength("bird taken for bird: 30"))
        #expect(table.contains("<span class=\"count\">10</span><span class=\"share\">25</span>"))
        #expect(html.contains("id=\"cells-share\"") && html.contains(">percent of the row</label>"))
        // The width and the height of a cell are one variable.
        #expect(html.contains(".matrix td{width:var(--cell);min-width:var(--cell);height:var(--cell)"))
    }

    @Test func aHundredClassesAreAPictureWithAllNames() throws {
        let html = try page { folder in
            try folder.fill(classNames: (0..<100).map { "kind \($0)" })
            try folder.write(
                "report/result.json",
                ["epoch": 6, "classes": 100, "confusion": [[0, 0, 3], [5, 7, 2], [99, 99, 1]], "count": 6])
        }
        let sheet = try #require(html.firstMatch(of: #/<svg class="sheet"[\s\S]*?<\/svg>/#)).output
        // Each name along both sides.
        #expect(sheet.matches(of: #/>kind \d+<\/text>/#).count == 200)
        #expect(sheet.contains("min-width:") && sheet.contains("href=\"data:image/png;base64,"))
    }

    @Test func scrollBoxesAreReachedByKeyboardAndSayThatTheyGoOn() throws {
        let html = try page { folder in
            try folder.write("metrics.jsonl", lines: (1...40).map(RunFolder.epoch))
        }
        let boxes = html.matches(of: #/<div class="scroll(?: limited)?"([^>]*)>/#).map { $0.output.1 }
        #expect(boxes.count > 4)
        for box in boxes {
            #expect(box.contains("tabindex=\"0\"") && box.contains("role=\"region\""))
            #expect(box.firstMatch(of: #/aria-label="[^"]+"/#) != nil)
        }
        #expect(html.contains("<p class=\"more\">40 rows; the box scrolls.</p>"))
        #expect(html.contains(".scroller.right::after") && html.contains("classList.toggle(\"right\""))
    }

    @Test(arguments: [1, 2, 3, 7, 12, 60, 100, 300]) func ticksAreWholeEpochsThatDoNotTouch(epochs: Int) throws {
        let html = try page { folder in
            try folder.write("metrics.jsonl", lines: (1...epochs).map(RunFolder.epoch))
        }
        let chart = try #require(html.firstMatch(of: #/aria-label="Loss"[\s\S]*?<\/svg>/#)).output
        let ticks = chart.matches(of: #/<text class="tick" x="([\d.]+)" y="([\d.]+)" text-anchor="middle">([^<]*)</#)
        #expect(!ticks.isEmpty)
        var end = 0.0
        for tick in ticks {
            #expect(Int(tick.output.3) != nil, "\(tick.output.3) is no whole number")
            // Fourteen pixels high on a phone, the digits are about eight wide.
            let (x, half) = (try #require(Double(tick.output.1)), 4 * Double(tick.output.3.count))
            #expect(x - half > end, "\(tick.output.3) touches the number before")
            end = x + half
        }
        // The axis' name has a line of its own.
        let name = try #require(chart.firstMatch(of: #/y="([\d.]+)" text-anchor="end">epoch</#))
        #expect(try #require(Double(name.output.1)) >= Double(ticks[0].output.2)! + 14)
    }

    @Test func goodAccuraciesHaveTheRoom() throws {
        let html = try page { folder in
            try folder.write(
                "metrics.jsonl",
                lines: (1...20).map { epoch in
                    var line = RunFolder.epoch(epoch)
                    line["validationAccuracy"] = .number(epoch == 1 ? 0.2 : 0.95 + 0.002 * Double(epoch))
                    line["trainAccuracy"] = .number(epoch < 4 ? 0.3 : 0.96)
                    return line
                })
        }
        let chart = try #require(html.firstMatch(of: #/aria-label="Accuracy"[\s\S]*?<\/svg>/#)).output
        let ticks = chart.matches(of: #/text-anchor="end">([\d.]+)%</#).compactMap { Double($0.output.1) }
        #expect(try #require(ticks.min()) >= 90, "\(ticks)")
        #expect(html.contains("the first epochs lie below the axis"))
    }

    @Test func printedPagesAreFull() throws {
        let html = try page()
        let print = try #require(html.range(of: "@media print{body")).lowerBound
        let rules = html[print...]
        // A section may go on over the page; a figure and a row may not.
        #expect(!rules.contains("section,figure,.card{break-inside:avoid}"))
        #expect(rules.contains("figure.chart,.images figure") && rules.contains("break-inside:avoid"))
        #expect(
            rules.contains("thead{display:table-header-group}") && rules.contains(".two{grid-template-columns:1fr 1fr}")
        )
        // The strip of figures has lines of its own, and no ground that shows where a row is short.
        #expect(html.firstMatch(of: #/\.facts\{[^}]*background:var\(--line\)/#) == nil)
    }

    /// Every literal of the script ends, is followed by what may follow it, and every bracket is closed: a slip in it would
    /// take the whole script away, and the page would look all right.
    @Test func theScriptIsWellFormed() throws {
        let script = try #require(try page().matches(of: #/<script>([\s\S]*?)<\/script>/#).last).output.1
        var open: [Character] = []
        var quote: Character?
        var isEscaped = false
        var wasLiteral = false
        for character in script {
            if let end = quote {
                if character == end, !isEscaped { (quote, wasLiteral) = (nil, true) }
                #expect(character != "\n", "a literal does not end in its line")
                isEscaped = character == "\\" && !isEscaped
                continue
            }
            if character == "\"" || character == "'" {
                #expect(!wasLiteral, "two literals in a row")
                quote = character
            } else if let closing = ["(": ")", "[": "]", "{": "}"][character] as Character? {
                open.append(closing)
            } else if ")]}".contains(character) {
                #expect(open.popLast() == character)
            }
            if wasLiteral, !character.isWhitespace {
                #expect(!character.isLetter && !character.isNumber, "\(character) after a literal")
                wasLiteral = false
            }
        }
        #expect(open.isEmpty && quote == nil)
    }
}
