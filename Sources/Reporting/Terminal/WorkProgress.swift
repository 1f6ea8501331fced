import Synchronization

/// The progress of work that has no epochs: measuring, searching, inspecting. `update  40/100  left 12s`.
///
/// It may be told from any thread.
package final class WorkProgress: Sendable {
    private struct State {
        var done = 0
        var meter: RateMeter
    }

    private let console: Console
    private let what: String
    private let total: Int
    private let now: @Sendable () -> Double
    private let state: Mutex<State>

    /// - Parameters:
    ///   - what: what is counted, in the singular: `image`, `update`.
    ///   - now: a clock in seconds.
    package init(
        _ console: Console, _ what: String, of total: Int,
        now: @escaping @Sendable () -> Double = MonotonicClock.seconds
    ) {
        (self.console, self.what, self.total, self.now) = (console, what, total, now)
        // The rate of all the time so far is the best guess: such work goes evenly.
        state = Mutex(State(meter: RateMeter(at: now(), memory: 300)))
    }

    /// Counts things that are done.
    package func add(_ count: Int = 1) {
        let (done, left) = state.withLock { state in
            state.done += count
            state.meter.add(count, at: now())
            return (state.done, state.meter.timeLeft(for: max(0, total - state.done)))
        }
        let text =
            "\(what) \(ProgressLine.aligned(done, total))" + (left.map { "  left \(NumberText.duration($0))" } ?? "")
        console.showProgress { TextWidth.truncated(text, to: $0) }
    }

    /// Removes the line.
    package func finish() { console.finish() }
}
