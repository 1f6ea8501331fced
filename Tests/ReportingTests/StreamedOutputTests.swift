import Reporting
import Synchronization
import Testing

@Test func cellsOfCSVKeepCommasQuotesAndLineBreaks() {
    #expect(
        CSV.line(["plain", "a,b", "say \"no\"", "two\nlines", " end", ""])
            == "plain,\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",\" end\",\n")
}

@Test func numbersOfCSVAreReadBackTheSame() {
    for value: Float in [0, 1, 0.1, 1e-9, 0.33333334] { #expect(Float(CSV.number(value)) == value) }
}

@Test func rowsOfAStreamedTableAlignWithItsHead() {
    let table = StreamedTable([.init("image", widest: 8), .init("p", isRight: true, widest: 4)])
    #expect(
        table.head + table.row(["a.png", "1%"]) + table.row(["", "99%"]) + table.row(["long-name.png", "5%"]) == """
            image        p
            --------  ----
            a.png       1%
                       99%
            long-name.png    5%

            """)
}

@Test func progressOfWorkTellsWhatIsLeft() {
    let text = Mutex("")
    let time = Mutex(0.0)
    let clock: @Sendable () -> Double = { time.withLock { $0 } }
    let terminal = Console.Terminal { part in text.withLock { $0 += part } }
    let console = Console(output: terminal, errors: terminal, interval: 1, now: clock)
    let progress = WorkProgress(console, "image", of: 200, now: clock)
    for _ in 0..<40 {
        time.withLock { $0 += 0.5 }
        progress.add()
    }
    // Two a second, 160 to come.
    let last = text.withLock { $0.split(separator: "\n").last.map(String.init) }
    #expect(last == "image  39/200  left 1m 20s" || last == "image  40/200  left 1m 20s", "\(last ?? "")")
}

@Test func aRunThatIsOneOfSeveralSaysSo() {
    var progress = ProgressReport(epoch: 1, epochs: 2, step: 3, steps: 9, timeLeft: 12)
    progress.heading = "[3/6 cvt]"
    progress.totalTimeLeft = 95
    #expect(ProgressLine.text(progress) == "[3/6 cvt]  epoch 1/2  step 3/9  left 12s, of all 1m 35s")
    progress.totalTimeLeft = 12.5
    #expect(ProgressLine.text(progress) == "[3/6 cvt]  epoch 1/2  step 3/9  left 12s")
}
