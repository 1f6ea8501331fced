// Order: which teachers are learnt from, one after the other.

import Configuration
import Tensors

/// A member of the pool: its name and its score on the validation set.
public struct TeacherCandidate: Sendable, Hashable, Codable {
    /// The name in the pool.
    public let name: String
    /// Its score on the validation set.
    public let score: Double
    /// What candidates are compared by: the score, its sign such that more is better.
    let rank: Double

    /// A member of the pool.
    /// - Parameter isHigherBetter: whether the teacher with the higher score is the stronger one.
    public init(name: String, score: Double, isHigherBetter: Bool = true) {
        self.name = name
        self.score = score
        rank = isHigherBetter ? score : -score
    }
}

/// In which order the student meets its teachers, and why.
public struct TeacherOrder: Sendable, Hashable, Codable {
    /// A step of the selection, from the last teacher to the first.
    public struct Decision: Sendable, Hashable, Codable, CustomStringConvertible {
        /// Why the step was taken.
        public enum Kind: String, Sendable, Codable {
            /// The strongest teacher, which comes last.
            case strongest
            /// The teacher closest to the one that follows it.
            case closest
            /// The selection ended.
            case stopped
        }

        /// Why the step was taken.
        public let kind: Kind
        /// Whom the step put in place, nil when it ended the selection.
        public let teacher: String?
        /// The teacher that follows.
        public let before: String?
        /// The teachers whose cost cannot be told from the chosen one's.
        public let ties: [String]
        /// One line.
        public let description: String
    }

    /// The cost of one model's features to another's, as far as it was asked for.
    public struct Cost: Sendable, Hashable, Codable {
        /// Whose features are mapped.
        public let source: String
        /// Whose features are met.
        public let target: String
        /// The cost.
        public let value: Double
        /// Its standard error.
        public let errorBar: Double
    }

    /// The first teacher first, the strongest last.
    public let names: [String]
    /// Why the order is what it is.
    public let decisions: [Decision]
    /// The costs that were asked for.
    public let costs: [Cost]

    /// One line per decision.
    public var explanation: String { decisions.map(\.description).joined(separator: "\n") }

    /// An order given by hand.
    ///
    /// - Throws: `DistillationError` for an empty order, an unknown or repeated teacher, or the student.
    public init(byHand names: [String], pool: [String], student: String) throws {
        try TeacherOrder.check(pool: pool, student: student)
        if names.isEmpty { throw DistillationError("The order is empty, expected teachers from \(quoted(pool)).") }
        for (position, name) in names.enumerated() {
            if name == student {
                throw DistillationError(
                    "The order names the student `\(name)` as its own teacher, expected one of \(quoted(pool)).")
            }
            if !pool.contains(name) {
                let hint =
                    nearest(name, in: pool).map { ", did you mean `\($0)`?" } ?? ", expected one of \(quoted(pool))."
                throw DistillationError("The order names the teacher `\(name)`, which is not in the pool\(hint)")
            }
            if names[..<position].contains(name) {
                throw DistillationError("The order names the teacher `\(name)` twice, expected each teacher once.")
            }
        }
        self.init(names: names, decisions: [], costs: [])
    }

    init(names: [String], decisions: [Decision], costs: [Cost]) {
        self.names = names
        self.decisions = decisions
        self.costs = costs
    }

    /// - Throws: `DistillationError` for an empty pool, a name twice, or the student in it.
    static func check(pool: [String], student: String) throws {
        if pool.isEmpty { throw DistillationError("The pool has no teacher, expected at least one.") }
        for (position, name) in pool.enumerated() {
            if pool[..<position].contains(name) {
                throw DistillationError("The pool has two teachers named `\(name)`, expected different names.")
            }
            if name == student {
                throw DistillationError(
                    "The student `\(student)` is in the pool as its own teacher, expected other models there.")
            }
        }
    }
}

/// A number with two decimals, and with one digit where that would show none: 0.31, 0.004.
func short(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    var decimals = 2
    var scale = 100.0
    while abs(value) * scale < 1, value != 0, decimals < 8 {
        decimals += 1
        scale *= 10
    }
    let digits = String(Int((abs(value) * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 ? "-" : ""
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}
