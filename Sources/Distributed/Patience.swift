/// How long a rank waits for another.
package struct Patience: Sendable, Equatable {
    /// Seconds until a line says who has not arrived.
    package var warnAfter: Double
    /// Seconds until the job is ended.
    package var endAfter: Double

    /// The variable of the environment with the seconds until the job is ended.
    package static let variable = "HORNBEAM_MPI_PATIENCE"

    package init(warnAfter: Double = 60, endAfter: Double = 1800) {
        (self.warnAfter, self.endAfter) = (warnAfter, endAfter)
    }

    /// That of the variable: the job ends after its seconds, and a line comes after a minute or half of the time,
    /// whichever is less. What is no number above 0 is left out of account.
    package static func fromEnvironment(_ variable: (String) -> String? = Host.variable) -> Patience {
        guard let seconds = variable(Self.variable).flatMap({ Double($0) }), seconds > 0, seconds.isFinite else {
            return Patience()
        }
        return Patience(warnAfter: min(60, seconds / 2), endAfter: seconds)
    }
}
