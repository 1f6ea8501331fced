/// Several trainings one after the other: which of how many is under way, and how long all of them will still take.
package final class Agenda {
    /// One training.
    struct Item {
        var name: String
        /// How much there is to compute, in any unit that all of them share.
        var work: Double
    }

    private var items: [Item]
    /// The trainings before the one under way.
    private var done = 0

    init(_ items: [Item]) { self.items = items }

    /// Replaces what is still to come, once it is known better.
    func replaceRest(_ rest: [Item]) { items = items.prefix(done) + rest }

    /// `[3/6 cvt]`.
    var heading: String {
        let name = items.indices.contains(done) ? items[done].name : ""
        return "[\(min(done + 1, items.count))/\(items.count)\(name.isEmpty ? "" : " ")\(name)]"
    }

    /// The training under way is over.
    func next() { done += 1 }

    /// Seconds until all trainings are done.
    /// - Parameters:
    ///   - timeLeft: seconds until the one under way is done.
    ///   - share: how much of it that is.
    func totalTimeLeft(_ timeLeft: Double, share: Double) -> Double? {
        guard items.indices.contains(done), share > 0, items[done].work > 0 else { return nil }
        let rest = items[(done + 1)...].reduce(0) { $0 + $1.work }
        return rest > 0 ? timeLeft + rest * timeLeft / (share * items[done].work) : nil
    }
}
