// Features: which maps of a student and of a teacher belong together, and how they are made comparable.

import Configuration
import Layers

/// One tap of the student and the tap of the teacher that it is compared with.
public struct FeaturePair: Sendable, Hashable, Codable {
    /// Positions among the taps of each model.
    public let studentIndex: Int
    /// Index of the teacher's tap.
    public let teacherIndex: Int
    /// The student's tap.
    public let student: FeatureTap
    /// The teacher's tap.
    public let teacher: FeatureTap

    /// Two taps that are compared.
    public init(studentIndex: Int, teacherIndex: Int, student: FeatureTap, teacher: FeatureTap) {
        self.studentIndex = studentIndex
        self.teacherIndex = teacherIndex
        self.student = student
        self.teacher = teacher
    }
}

/// Which taps of two models are compared, in the student's order.
public struct FeaturePairing: Sendable, Hashable, Codable {
    /// Two taps chosen by name.
    public struct Names: Sendable, Hashable, Codable {
        /// A tap of the student.
        public let student: String
        /// A tap of the teacher.
        public let teacher: String

        /// Two taps by name.
        public init(student: String, teacher: String) {
            self.student = student
            self.teacher = teacher
        }
    }

    /// The pairs, from the finest map to the coarsest.
    public let pairs: [FeaturePair]

    /// Pairs taps of equal stride; of several with one stride, the last of each model. Where both models have a neck its maps
    /// alone are paired, without two levels that are nothing but every second pixel of the level before. Named pairs replace
    /// that.
    ///
    /// - Throws: `DistillationError` when there is no common stride, or a name is unknown or used twice.
    public init(student: [FeatureTap], teacher: [FeatureTap], named: [Names]? = nil) throws {
        if let named, !named.isEmpty {
            pairs = try named.map { names in
                let s = try FeaturePairing.position(of: names.student, in: student, owner: "student")
                let t = try FeaturePairing.position(of: names.teacher, in: teacher, owner: "teacher")
                return FeaturePair(studentIndex: s, teacherIndex: t, student: student[s], teacher: teacher[t])
            }
            for (position, pair) in pairs.enumerated() {
                if pairs[..<position].contains(where: { $0.studentIndex == pair.studentIndex }) {
                    throw DistillationError("The student's tap `\(pair.student.name)` is paired twice, expected once.")
                }
            }
        } else {
            let haveNecks = [student, teacher].allSatisfy { $0.contains(where: \.isOfNeck) }
            pairs = student.indices.compactMap { s in
                guard !haveNecks || student[s].isOfNeck,
                    student.lastIndex(where: { $0.stride == student[s].stride }) == s,
                    let t = teacher.lastIndex(where: {
                        $0.stride == student[s].stride && (!haveNecks || $0.isOfNeck)
                    }), !(student[s].isPooled && teacher[t].isPooled)
                else { return nil }
                return FeaturePair(studentIndex: s, teacherIndex: t, student: student[s], teacher: teacher[t])
            }
            if pairs.isEmpty {
                throw DistillationError(
                    "The student's taps (\(FeaturePairing.listing(student))) and the teacher's "
                        + "(\(FeaturePairing.listing(teacher))) have no stride in common, expected `pairs` that name them."
                )
            }
        }
    }

    private static func position(of name: String, in taps: [FeatureTap], owner: String) throws -> Int {
        let names = taps.map(\.name)
        if let position = names.firstIndex(of: name) { return position }
        // A neck's levels were once counted: `neck0` was its finest map.
        let levels = taps.indices.filter { taps[$0].isOfNeck }
        if name.hasPrefix("neck"), let level = Int(name.dropFirst(4)), levels.indices.contains(level) {
            return levels[level]
        }
        let hint = nearest(name, in: names).map { ", did you mean `\($0)`?" } ?? ", expected one of \(quoted(names))."
        throw DistillationError("The \(owner) has no tap `\(name)`\(hint)")
    }

    private static func listing(_ taps: [FeatureTap]) -> String {
        taps.isEmpty ? "none" : taps.map { "\($0.name) at \($0.stride)" }.joined(separator: ", ")
    }
}

extension FeatureTap {
    /// Whether the map is a neck's, which names its levels `neck.P3`.
    package var isOfNeck: Bool { name.hasPrefix("neck.") }
    /// Whether it is every second pixel of the level before.
    var isPooled: Bool { isOfNeck && name.hasSuffix("pool") }
}
