/// Chooses which teachers a student meets, and in which order, from the last to the first: the strongest teacher ends the
/// chain, and before each teacher comes the one whose features are closest to its own, as long as one is closer than the
/// student itself. Cao et al., arXiv 2308.09105, algorithm 1.
public struct BackwardGreedySelection: Sendable {
    /// The costs from each source to one target, in the order of the sources.
    public typealias Column = (_ sources: [String], _ target: String) throws -> [AdaptationCost]

    /// The name of the model that learns.
    public let student: String
    /// The pool.
    public let teachers: [TeacherCandidate]
    /// The longest chain.
    public let maxTeachers: Int

    /// - Parameter maxTeachers: the longest chain; the whole pool when absent.
    /// - Throws: `DistillationError` for an empty pool, a name twice, the student in the pool, a score that is no number,
    ///   or a bound below 1.
    public init(student: String, teachers: [TeacherCandidate], maxTeachers: Int? = nil) throws {
        try TeacherOrder.check(pool: teachers.map(\.name), student: student)
        if let teacher = teachers.first(where: { !$0.score.isFinite }) {
            throw DistillationError("The validation score of `\(teacher.name)` is \(teacher.score), expected a number.")
        }
        if let maxTeachers, maxTeachers < 1 {
            throw DistillationError("The bound on the number of teachers is \(maxTeachers), expected at least 1.")
        }
        self.student = student
        self.teachers = teachers
        self.maxTeachers = min(maxTeachers ?? teachers.count, teachers.count)
    }

    /// As `order(columns:)`, one cost at a time.
    public func order(cost: (_ source: String, _ target: String) throws -> AdaptationCost) throws -> TeacherOrder {
        try order(columns: { sources, target in try sources.map { try cost($0, target) } })
    }

    /// Runs the selection.
    ///
    /// - Parameter columns: asked once for each teacher that may get one before it, for the remaining teachers and the
    ///   student; so one pass over the images serves a column, and columns that nobody needs are never computed.
    public func order(columns: Column) throws -> TeacherOrder {
        var remaining = teachers.sorted { ($0.rank, $1.name) > ($1.rank, $0.name) }
        let strongest = remaining.removeFirst()
        var names = [strongest.name]
        var decisions = [first(strongest, next: remaining.first)]
        var costs: [TeacherOrder.Cost] = []
        while true {
            if names.count == maxTeachers, !remaining.isEmpty {
                decisions.append(stop("\(names.count) \(names.count == 1 ? "teacher" : "teachers"), the limit"))
                break
            }
            if remaining.isEmpty {
                decisions.append(stop("no teacher is left"))
                break
            }
            let target = names[0]
            let sources = remaining.map(\.name) + [student]
            let column = try columns(sources, target)
            guard column.count == sources.count else {
                throw DistillationError(
                    "The costs to `\(target)` came as \(column.count) values, expected \(sources.count).")
            }
            for (source, cost) in zip(sources, column) {
                guard cost.value.isFinite else {
                    throw DistillationError(
                        "The adaptation cost from `\(source)` to `\(target)` is \(cost.value), expected a number.")
                }
                costs.append(.init(source: source, target: target, value: cost.value, errorBar: cost.errorBar))
            }
            let own = column[remaining.count]
            // Sorted by score and name already, and stable: so ties go to the better score.
            let ranked = remaining.indices.sorted { (column[$0].value, $0) < (column[$1].value, $1) }
            let best = ranked[0]
            let choice = Choice(
                name: remaining[best].name, cost: column[best], target: target,
                others: ranked.dropFirst().map { (remaining[$0].name, column[$0]) }, student: own)
            if column[best].value > own.value {
                decisions.append(tooFar(choice))
                break
            }
            decisions.append(chosen(choice))
            names.insert(remaining.remove(at: best).name, at: 0)
        }
        return TeacherOrder(names: names, decisions: decisions, costs: costs)
    }

    private struct Choice {
        let name: String
        let cost: AdaptationCost
        let target: String
        let others: [(name: String, cost: AdaptationCost)]
        let student: AdaptationCost

        /// Teachers whose cost is no further away than the error bar of the difference.
        var ties: [String] { others.filter { isTie($0.cost) }.map(\.name) }

        func isTie(_ other: AdaptationCost) -> Bool {
            abs(other.value - cost.value) <= other.errorBarOfDifference(cost)
        }
    }

    private func first(_ teacher: TeacherCandidate, next: TeacherCandidate?) -> TeacherOrder.Decision {
        let ties = next.map { $0.score == teacher.score ? [$0.name] : [] } ?? []
        let comparison =
            next.map { ties.isEmpty ? ", next best \(short($0.score))" : ", as \($0.name) (a tie, by name)" }
            ?? ", the only one"
        return .init(
            kind: .strongest, teacher: teacher.name, before: nil, ties: ties,
            description: "\(teacher.name) last: validation score \(short(teacher.score))\(comparison)")
    }

    private func chosen(_ choice: Choice) -> TeacherOrder.Decision {
        var text =
            "\(choice.name) before \(choice.target): \(short(choice.cost.value)) ± \(short(choice.cost.errorBar))"
        if let next = choice.others.first { text += ", next best \(short(next.cost.value))" }
        text += ", student itself \(short(choice.student.value))"
        if !choice.ties.isEmpty { text += " (a tie with \(choice.ties.joined(separator: ", ")) within the error bar)" }
        if choice.isTie(choice.student) { text += " (a tie with the student within the error bar)" }
        return .init(
            kind: .closest, teacher: choice.name, before: choice.target, ties: choice.ties, description: text)
    }

    private func tooFar(_ choice: Choice) -> TeacherOrder.Decision {
        let tie = choice.isTie(choice.student) ? " (a tie within the error bar)" : ""
        return stop(
            "the student itself is closer to \(choice.target) (\(short(choice.student.value))) than any teacher left "
                + "(\(choice.name) \(short(choice.cost.value)) ± \(short(choice.cost.errorBar)))\(tie)")
    }

    private func stop(_ reason: String) -> TeacherOrder.Decision {
        .init(kind: .stopped, teacher: nil, before: nil, ties: [], description: "stop: \(reason)")
    }
}
