import Detection

/// Precision, recall and F1 of the answers that have at least a score, at an overlap of 0.5, over the images of a set.
package struct ScoreCurves: Sendable {
    /// By falling score: the score, and whether the answer is an object.
    private let sorted: [(score: Double, isTrue: Bool)]
    private let objects: Int

    /// - Parameter classIndex: of one class; nil for all together.
    package init(_ outcomes: DetectionOutcomes, classIndex: Int? = nil) {
        var own: [(score: Double, isTrue: Bool)] = []
        for index in outcomes.scores.indices
        where classIndex.map({ outcomes.classIndex[index] == Int32($0) }) ?? true {
            own.append((outcomes.scores[index], outcomes.isTrue[index]))
        }
        sorted = own.sorted { $0.score > $1.score }
        objects = classIndex.map { outcomes.objects[$0] } ?? outcomes.objects.reduce(0, +)
    }

    /// What holds at a least score.
    package struct Place: Sendable, Equatable {
        package var score: Double
        /// nil without answers.
        package var precision: Double?
        /// nil without objects.
        package var recall: Double?
        /// 2 found / (answers + objects); nil without both.
        package var f1: Double?
    }

    /// The least score at which F1 is best, the highest of several; nil where no object is found at any.
    package var best: Place? {
        var best: Place?
        var found = 0
        for (index, answer) in sorted.enumerated() {
            if answer.isTrue { found += 1 }
            // Answers of one score come together.
            if index + 1 < sorted.count, sorted[index + 1].score == answer.score { continue }
            let place = place(answer.score, answers: index + 1, found: found)
            if found > 0, place.f1 ?? 0 > best?.f1 ?? 0 { best = place }
        }
        return best
    }

    /// What holds at each of some least scores, rising.
    package func places(_ scores: [Double]) -> [Place] {
        var result: [Place] = []
        var (answers, found) = (0, 0)
        for score in scores.reversed() {
            while answers < sorted.count, sorted[answers].score >= score {
                if sorted[answers].isTrue { found += 1 }
                answers += 1
            }
            result.append(place(score, answers: answers, found: found))
        }
        return result.reversed()
    }

    private func place(_ score: Double, answers: Int, found: Int) -> Place {
        Place(
            score: score, precision: answers > 0 ? Double(found) / Double(answers) : nil,
            recall: objects > 0 ? Double(found) / Double(objects) : nil,
            f1: answers + objects > 0 ? 2 * Double(found) / Double(answers + objects) : nil)
    }
}
