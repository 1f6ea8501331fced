import Reporting
import Testing

@Test func durationsShowTheirTwoLargestUnits() {
    let cases: [(Double, String)] = [
        (0, "0s"), (-3, "0s"), (8.6, "9s"), (59.6, "1m 00s"), (72, "1m 12s"), (3599.4, "59m 59s"), (3600, "1h 00m"),
        (11_100, "3h 05m"), (187_200, "2d 04h"), (.infinity, "?"), (.nan, "?"),
    ]
    for (seconds, text) in cases { #expect(NumberText.duration(seconds) == text) }
}

@Test func numbersAreWrittenTheSameInEveryLocale() {
    #expect(NumberText.fixed(0.43125, decimals: 4) == "0.4313" || NumberText.fixed(0.43125, decimals: 4) == "0.4312")
    #expect(NumberText.fixed(-1.5, decimals: 0) == "-2")
    #expect(NumberText.fixed(.nan, decimals: 2).hasSuffix("nan"))
    #expect(NumberText.fixed(.greatestFiniteMagnitude, decimals: 2).count == 312)
    #expect(NumberText.scientific(0.00123) == "1.2e-3")
    #expect(NumberText.scientific(0) == "0.0e0")
    #expect(NumberText.scientific(.infinity) == "inf")
    #expect(NumberText.percentage(0.97222) == "97.22%")
    #expect(
        [0, 7, 999, 1000, 3_130_730, -12_345].map(NumberText.grouped) == [
            "0", "7", "999", "1,000", "3,130,730", "-12,345",
        ])
    #expect(NumberText.grouped(.min) == "-9,223,372,036,854,775,808")
}

@Test func aTableAlignsNumbersToTheRight() {
    let table = Table(
        columns: ["operation", "error", Table.Column("bound", .left), "count"],
        rows: [["conv", "1.5e-9", "1e-5", "1,024"], ["relu", "3e-12", "1e-5"], ["x", "-", "1e-5", "7", "extra"]])
    #expect(
        table.render() == """
            operation   error  bound  count
            ---------  ------  -----  -----
            conv       1.5e-9  1e-5   1,024
            relu        3e-12  1e-5
            x               -  1e-5       7

            """)
}

@Test func aTableOfTextAndNumbersInOneColumnIsAlignedToTheLeft() {
    #expect(Table(columns: ["a"], rows: [["12.5%"], ["none"]]).render() == "a\n-----\n12.5%\nnone\n")
    #expect(Table(columns: ["a"]).render() == "a\n-\n")
    #expect(Table(columns: [Table.Column("ab", .right)], rows: [["x"], [""]]).render() == "ab\n--\n x\n\n")
}

@Test func widthCountsColumnsOnTheTerminal() {
    let cases: [(String, Int)] = [
        ("abc", 3), ("", 0), ("é", 1), ("e\u{301}", 1), ("数字", 4), ("한", 2), ("ｶ", 1), ("🦅", 2), ("❤️", 2), ("👩‍🔬", 2),
        ("…", 1),
    ]
    for (text, width) in cases { #expect(TextWidth.columns(text) == width, "\(text)") }
    #expect(
        Table(columns: ["class", "n"], rows: [["数字", "1"], ["zero", "2"], ["e\u{301}", "3"]]).render()
            == "class  n\n-----  -\n数字   1\nzero   2\ne\u{301}      3\n")
    #expect(TextWidth.truncated("数字数字", to: 6) == "数字…")
    #expect(TextWidth.truncated("数字", to: 4) == "数字")
    #expect(TextWidth.truncated("abc", to: 0) == "")
}

@Test func controlCharactersNeverReachTheTerminal() {
    #expect(TextWidth.singleLine("a\nb\tc\r\n\u{1B}[2Jd\u{7}\u{9B}é") == "a b c \\u{1B}[2Jd\\u{07}\\u{009B}é")
    #expect(!Table(columns: ["a\u{1B}"], rows: [["b\nc"]]).render().contains("\u{1B}"))
}
