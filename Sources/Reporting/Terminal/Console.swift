// Terminal: what people read while a program runs.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Where people follow a run: results and progress on the standard output, messages on the standard error.
///
/// On a terminal the progress is one line that is written over; elsewhere it is a plain line every ten seconds at most.
/// All calls are safe from any thread.
public final class Console: Sendable {
    /// What is known of the place that a console writes to.
    public struct Terminal: Sendable {
        /// The columns, asked for at each progress line since a window may change; nil where it is no terminal.
        public let width: @Sendable () -> Int?
        /// Whether labels of messages are in color.
        public let hasColors: Bool
        /// Writes text as it is.
        public let write: @Sendable (String) -> Void

        /// - Parameters:
        ///   - width: the columns; nil where it is no terminal.
        ///   - write: called from any thread, one call at a time.
        public init(
            hasColors: Bool = false, width: @escaping @Sendable () -> Int? = { nil },
            write: @escaping @Sendable (String) -> Void
        ) {
            self.width = width
            self.hasColors = hasColors
            self.write = write
        }

        /// A stream of this process: 1 is the standard output, 2 the standard error.
        public static func stream(_ descriptor: Int32) -> Terminal {
            let isTerminal = isatty(descriptor) == 1 && variable("TERM") != "dumb"
            return Terminal(
                hasColors: isTerminal && (variable("NO_COLOR") ?? "").isEmpty,
                width: { isTerminal ? columns(descriptor) : nil },
                write: { text in writeAll(descriptor, text) })
        }

        private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

        private static func columns(_ descriptor: Int32) -> Int {
            var size = winsize()
            if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
            return variable("COLUMNS").flatMap { Int($0) } ?? 80
        }

        /// What cannot be written is dropped: a full disk under a log is no reason to stop training.
        private static func writeAll(_ descriptor: Int32, _ text: String) {
            var text = text
            text.withUTF8 { buffer in
                var written = 0
                while written < buffer.count {
                    let count = writeBytes(descriptor, buffer.baseAddress! + written, buffer.count - written)
                    if count > 0 { written += count } else if errno != EINTR { return }
                }
            }
        }
    }

    private struct State {
        /// Whether an unfinished progress line stands on the terminal.
        var isLineOpen = false
        var lastProgress: Double?
    }

    private let output: Terminal
    private let errors: Terminal
    private let interval: Double
    private let now: @Sendable () -> Double
    private let state = Mutex(State())

    /// - Parameters:
    ///   - interval: the seconds between two plain progress lines.
    ///   - now: a clock in seconds; that of the system by default.
    public init(
        output: Terminal = .stream(1), errors: Terminal = .stream(2), interval: Double = 10,
        now: (@Sendable () -> Double)? = nil
    ) {
        self.output = output
        self.errors = errors
        self.interval = interval
        self.now = now ?? MonotonicClock.seconds
    }

    /// Whether the progress line is written over, so that it is worth being told often.
    package var isTerminal: Bool { output.width() != nil }

    /// Shows how far the run has come; cheap enough for every step.
    package func progress(_ progress: ProgressReport) {
        showProgress { ProgressLine.text(progress, width: $0) }
    }

    /// - Parameter line: the progress as a line of so many columns at most.
    func showProgress(_ line: (_ width: Int) -> String) {
        state.withLock { state in
            let time = now()
            let width = output.width()
            if let last = state.lastProgress, time - last < (width == nil ? interval : 0.1) { return }
            guard let width else {
                // The first call only starts the clock: a run of a few seconds needs no line between its epochs.
                if state.lastProgress != nil { output.write(line(.max) + "\n") }
                state.lastProgress = time
                return
            }
            state.lastProgress = time
            state.isLineOpen = true
            // One column stays free: some terminals wrap when the last one is filled.
            output.write("\r" + line(max(1, width - 1)) + "\u{1B}[K")
        }
    }

    /// Removes the progress line, at the end of a run.
    public func finish() { write("", to: output) }

    /// Lets the process live on when the reader of its output goes away, as in `trainer train ... | head`.
    package static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Puts `/dev/null` in the place of standard streams that were closed when the process was started: the first files that
    /// are opened would get their numbers, and with them what is meant for the terminal.
    package static func reserveStandardStreams() {
        while true {
            let descriptor = open("/dev/null", O_RDWR)
            guard descriptor >= 0 else { return }
            if descriptor > 2 {
                close(descriptor)
                return
            }
        }
    }

    /// Writes a line to the standard output that stays, such as the result of an epoch.
    public func line(_ text: String) { write(TextWidth.singleLine(text) + "\n", to: output) }

    /// Writes text of several lines, such as a table, to the standard output.
    /// - Parameter endsLine: whether a line break is added where the text does not end in one.
    public func text(_ text: String, endsLine: Bool = true) {
        write(text.hasSuffix("\n") || text.isEmpty || !endsLine ? text : text + "\n", to: output)
    }

    /// Tells of something that was decided for the user.
    public func notice(_ text: String) { message("notice", "36", text) }

    /// Tells of something that may be wrong.
    public func warning(_ text: String) { message("warning", "33", text) }

    /// Tells why the program stops.
    public func error(_ text: String) { message("error", "31", text) }

    private func message(_ kind: String, _ color: String, _ text: String) {
        let label = errors.hasColors ? "\u{1B}[1;\(color)m\(kind):\u{1B}[0m" : "\(kind):"
        write("\(label) \(TextWidth.singleLine(text))\n", to: errors)
    }

    private func write(_ text: String, to terminal: Terminal) {
        state.withLock { state in
            if state.isLineOpen {
                output.write("\r\u{1B}[K")
                state.isLineOpen = false
                state.lastProgress = nil
            }
            if !text.isEmpty { terminal.write(text) }
        }
    }
}

/// The system's `write`, which the methods of that name would hide.
private func writeBytes(_ descriptor: Int32, _ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
    write(descriptor, start, count)
}
