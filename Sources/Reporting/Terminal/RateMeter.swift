/// A rate that follows the last few seconds, and the time that is left at that rate.
package struct RateMeter: Sendable {
    private let memory: Double
    private var start: Double
    private var last: Double
    private var weighted = 0.0

    /// - Parameters:
    ///   - time: now, in seconds of any clock that never goes back.
    ///   - memory: the seconds after which what was counted weighs 1/e.
    package init(at time: Double, memory: Double = 10) {
        self.memory = memory
        start = time
        last = time
    }

    /// Counts things done up to a time.
    package mutating func add(_ count: Int, at time: Double) {
        weighted = weighted * decay(time - last) + Double(count)
        last = max(last, time)
    }

    /// Skips time in which nothing was to be counted, such as a validation between epochs.
    package mutating func pause(until time: Double) {
        let pause = max(0, time - last)
        start += pause
        last += pause
    }

    /// Things a second; nil while nothing was counted or no time has passed.
    package var perSecond: Double? {
        // The weights of all the time so far, so that the first figures are not too low.
        let span = memory * (1 - decay(last - start))
        return weighted > 0 && span > 0 ? weighted / span : nil
    }

    /// Seconds that the given count will take at the present rate.
    package func timeLeft(for count: Int) -> Double? { perSecond.map { Double(count) / $0 } }

    private func decay(_ seconds: Double) -> Double { exponential(-max(0, seconds) / memory) }
}
