import Autograd
import Tensors

/// What the dense heads of a student and of a teacher say about the same anchors: for each level the logits of the classes
/// [N, h, w, A K], each a yes-or-no question of its own, and how the anchors' boxes move [N, h, w, 4 A]. The heads of
/// one-stage detectors answer so, and with K = 1 the first stage of two-stage ones.
public struct HeadAnswers<S: Scalar> {
    /// One level of both.
    public struct Level {
        /// The student's logits [R, K], one row for each anchor at each place of each image.
        public let classes: Variable<S>
        /// The student's four numbers for each anchor, [R, 4].
        public let deltas: Variable<S>
        /// The teacher's logits.
        public let teacherClasses: Tensor<S>
        /// The teacher's numbers.
        public let teacherDeltas: Tensor<S>
    }

    /// From fine to coarse.
    public let levels: [Level]
    /// What the four numbers of a box are divided by.
    public let deviations: [Double]

    /// - Parameters:
    ///   - student: the logits of all levels, then the moves of all levels, as heads answer.
    ///   - teacher: the same of the teacher; `check` says whether they go together.
    ///   - classes: K.
    ///   - deviations: four numbers, as those of the heads' coder.
    public init(
        student: [Variable<S>], teacher: [Tensor<S>], classes: Int, deviations: [Double] = [1, 1, 1, 1]
    ) {
        require(
            HeadAnswers.difference(student.map(\.shape), teacher.map(\.shape), classes: classes) == nil
                && deviations.count == 4, "HeadAnswers", student.map(\.shape) + teacher.map(\.shape),
            "student and teacher must have logits and moves of the same anchors")
        let count = student.count / 2
        levels = (0..<count).map { level in
            let rows = student[count + level].shape.elementCount / 4
            return Level(
                classes: student[level].reshaped([rows, classes]), deltas: student[count + level].reshaped([rows, 4]),
                teacherClasses: teacher[level].reshaped([rows, classes]),
                teacherDeltas: teacher[count + level].reshaped([rows, 4]))
        }
        self.deviations = deviations
    }

    /// Whether two heads' answers go together.
    ///
    /// - Throws: `DistillationError` when their levels, classes, anchors or maps differ.
    public static func check(student: [Shape], teacher: [Shape], classes: Int) throws {
        guard let difference = difference(student, teacher, classes: classes) else { return }
        throw DistillationError(
            "The losses `headKD` and `boxKD` compare heads with the same anchors, but \(difference).")
    }

    /// What keeps two answers from going together; nil when nothing does.
    private static func difference(_ student: [Shape], _ teacher: [Shape], classes: Int) -> String? {
        let count = student.count / 2
        if student.isEmpty || student.count % 2 == 1 || classes < 1 {
            return "the student's head does not answer with classes and boxes for each level"
        }
        if student.count != teacher.count {
            return "the student's has \(count) levels and the teacher's \(teacher.count / 2)"
        }
        for level in 0..<count {
            let (own, moves) = (student[level], student[count + level])
            let isHead =
                own.rank == 4 && moves.rank == 4 && own.elementCount > 0
                && own.dimensions.prefix(3) == moves.dimensions.prefix(3)
                && own.elementCount / classes * 4 == moves.elementCount && own.elementCount % classes == 0
            if !isHead { return "level \(level) of the student's answers \(own) and \(moves)" }
            if own != teacher[level] || moves != teacher[count + level] {
                return "at level \(level) the student's answers \(own) and \(moves), "
                    + "the teacher's \(teacher[level]) and \(teacher[count + level])"
            }
        }
        return nil
    }
}

/// A distance between what a student's and a teacher's head say about the same anchors.
public protocol HeadLoss: Sendable {
    /// The loss, [].
    func callAsFunction<S: Scalar>(_ answers: HeadAnswers<S>) -> Variable<S>
}
