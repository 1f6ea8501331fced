import Reporting
import Synchronization
import Testing

/// A console that writes into memory, with a clock that the test moves.
private final class Screen: Sendable {
    private let text = Mutex("")
    private let time = Mutex(0.0)

    var written: String { text.withLock { $0 } }
    func wait(_ seconds: Double) { time.withLock { $0 += seconds } }

    func console(width: Int?, hasColors: Bool = false) -> Console {
        let terminal = Console.Terminal(
            hasColors: hasColors, width: { width },
            write: { part in
                self.text.withLock { $0 += part }
            })
        return Console(output: terminal, errors: terminal, now: { self.time.withLock { $0 } })
    }
}

private func progress(_ step: Int) -> ProgressReport { ProgressReport(epoch: 1, epochs: 2, step: step, steps: 99) }

@Test func aTerminalHasOneLineThatIsWrittenOver() {
    let screen = Screen()
    let console = screen.console(width: 80)
    #expect(console.isTerminal)
    console.progress(progress(1))
    screen.wait(0.05)
    console.progress(progress(2))
    screen.wait(0.06)
    console.progress(progress(3))
    console.line("epoch 1 done")
    console.line("more")
    #expect(
        screen.written
            == "\repoch 1/2  step  1/99\u{1B}[K\repoch 1/2  step  3/99\u{1B}[K\r\u{1B}[Kepoch 1 done\nmore\n")
}

@Test func aPipeGetsAPlainLineEveryTenSeconds() {
    let screen = Screen()
    let console = screen.console(width: nil)
    #expect(!console.isTerminal)
    for step in 0..<46 {
        console.progress(progress(step))
        screen.wait(0.5)
    }
    console.line("done\nnow")
    console.finish()
    #expect(screen.written == "epoch 1/2  step 20/99\nepoch 1/2  step 40/99\ndone now\n")
}

@Test func messagesAreOneLineEachWithColoursOnlyWhereTheyBelong() {
    let plain = Screen()
    let console = plain.console(width: nil)
    console.notice("a\nb")
    console.warning("c")
    console.error("d \u{1B}[0m")
    console.text("x\ny")
    #expect(plain.written == "notice: a b\nwarning: c\nerror: d \\u{1B}[0m\nx\ny\n")

    let colored = Screen()
    colored.console(width: 80, hasColors: true).warning("c")
    #expect(colored.written == "\u{1B}[1;33mwarning:\u{1B}[0m c\n")
}

@Test func aMessageTakesThePlaceOfTheProgressLine() {
    let screen = Screen()
    let console = screen.console(width: 30)
    console.progress(progress(1))
    console.notice("n")
    console.progress(progress(2))
    console.finish()
    console.finish()
    #expect(
        screen.written
            == "\repoch 1/2  step  1/99\u{1B}[K\r\u{1B}[Knotice: n\n\repoch 1/2  step  2/99\u{1B}[K\r\u{1B}[K")
}

@Test func linesFromManyThreadsStayWhole() async {
    let screen = Screen()
    let console = screen.console(width: 80)
    await withTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
            group.addTask {
                for _ in 0..<100 {
                    console.progress(progress(task))
                    console.line("line")
                    screen.wait(0.2)
                }
            }
        }
    }
    #expect(screen.written.split(separator: "\n").count == 800)
    #expect(screen.written.split(separator: "\n").allSatisfy { $0.hasSuffix("line") })
}
