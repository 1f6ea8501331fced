/// How long a rank waits for another.
package struct Patience: Sendable, Equatable {
    /// Seconds until a line says who has not arrived.
    package var warnAfter: Double
    /// Seconds until the job is ended.
    package var endAfter: Double

    package init(warnAfter: Double = 60, endAfter: Double = 1800) {
        (self.warnAfter, self.endAfter) = (warnAfter, endAfter)
    }
}
