/// Whether the teachers of a chain that are still to come are worth their stages to the student as it is by now; our own step
/// beyond the article, which decides once, for the student as it was at first.
///
/// A teacher t stands before the next one u as a bridge: Backward Greedy Selection put it there because C(t -> u) was no
/// larger than C(S -> u), S the student at first. The same inequality is asked again with the student S' of now: where
/// C(S' -> u) < C(t -> u), the student is closer to u than it could come by learning t, even by learning all of it, and t is
/// skipped. The last teacher is what all of it leads to, so it is never skipped.
public struct ChainReview: Sendable {
    /// What was decided about one teacher.
    public struct Decision: Sendable, Hashable, CustomStringConvertible {
        /// Whom it is about.
        public let teacher: String
        /// The teacher that follows.
        public let next: String
        /// Whether the teacher is left out.
        public let isSkipped: Bool
        /// Whether the two costs cannot be told from each other.
        public let isTie: Bool
        /// One line.
        public let description: String

        /// A decision, as it was made before.
        public init(teacher: String, next: String, isSkipped: Bool, isTie: Bool, description: String) {
            (self.teacher, self.next, self.isSkipped) = (teacher, next, isSkipped)
            (self.isTie, self.description) = (isTie, description)
        }
    }

    /// One for each teacher that was asked about, up to the first that stays.
    public let decisions: [Decision]
    /// The costs that were asked for.
    public let costs: [TeacherOrder.Cost]

    /// Asks about the teachers left, the first one first, until one stays.
    ///
    /// - Parameters:
    ///   - student: the name of the model that learns.
    ///   - left: the teachers left, in their order, each with the epochs that its stage would have.
    ///   - columns: the costs from the teacher and from the student as it is now to the teacher that follows.
    /// - Throws: `DistillationError` for a cost that is no number.
    public init(
        student: String, left: [(name: String, epochs: Int)], columns: BackwardGreedySelection.Column
    ) throws {
        var decisions: [Decision] = []
        var costs: [TeacherOrder.Cost] = []
        var epochs = 0
        for (teacher, next) in zip(left, left.dropFirst()) {
            let sources = [teacher.name, student]
            let column = try columns(sources, next.name)
            guard column.count == 2, column.allSatisfy(\.value.isFinite) else {
                throw DistillationError(
                    "The adaptation costs from `\(teacher.name)` and the student to `\(next.name)` are "
                        + "\(column.map { "\($0.value)" }.joined(separator: " and ")), expected two numbers.")
            }
            for (source, cost) in zip(sources, column) {
                costs.append(.init(source: source, target: next.name, value: cost.value, errorBar: cost.errorBar))
            }
            let (own, theirs) = (column[1], column[0])
            let isSkipped = own.value < theirs.value
            epochs += teacher.epochs
            let isTie = abs(own.value - theirs.value) <= own.errorBarOfDifference(theirs)
            let tie = isTie ? " (a tie within the error bar)" : ""
            let spare = "; \(epochs) \(epochs == 1 ? "epoch goes" : "epochs go") to \(next.name)"
            let text =
                isSkipped
                ? "\(teacher.name) skipped: the student is now closer to \(next.name) (\(bar(own))) than \(teacher.name) is "
                    + "(\(bar(theirs)))\(tie)\(spare)"
                : "\(teacher.name) before \(next.name) stays: \(bar(theirs)), the student now \(bar(own))\(tie)"
            decisions.append(
                Decision(
                    teacher: teacher.name, next: next.name, isSkipped: isSkipped, isTie: isTie, description: text))
            if !isSkipped { break }
        }
        (self.decisions, self.costs) = (decisions, costs)
    }
}

/// A cost with its error bar.
private func bar(_ cost: AdaptationCost) -> String { "\(short(cost.value)) ± \(short(cost.errorBar))" }
