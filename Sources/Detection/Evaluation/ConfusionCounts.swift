import Tensors

/// Which classes are taken for which, and for nothing.
public struct ConfusionCounts: Sendable, Equatable {
    /// How many classes there are; the row and the column after them are those of the background.
    public let classes: Int
    /// From which score on detections are believed.
    public let score: Double
    /// How much a detection and an object must have in common to be of each other.
    public let overlap: Double
    /// Counts [classes + 1, classes + 1] by what is there and what is said. A row adds up to the objects of its class; the last
    /// one holds detections where nothing is.
    public private(set) var counts: [Int]

    /// How often an object of a class was said to be of another; `classes` stands for the background.
    public subscript(truth: Int, said: Int) -> Int { counts[truth * (classes + 1) + said] }

    init(classes: Int, score: Double, overlap: Double) {
        (self.classes, self.score, self.overlap) = (classes, score, overlap)
        counts = [Int](repeating: 0, count: (classes + 1) * (classes + 1))
    }

    mutating func add(_ truth: Int, _ said: Int) { counts[truth * (classes + 1) + said] += 1 }
}

extension CocoEvaluator {
    /// Which classes are taken for which.
    ///
    /// In each image the pair of a detection and an object that have most in common is taken first, whatever their classes
    /// (where pairs are equal, that of the surer detection, then in the order of the detections and objects), and so on with
    /// those that are left. Detections that lie in a group of objects that are not told apart are passed over.
    /// - Parameters:
    ///   - score: from which on detections are believed.
    ///   - overlap: how much a detection and an object must have in common.
    public func confusion(score: Double, overlap: Double = 0.5) -> ConfusionCounts {
        var result = ConfusionCounts(classes: classes, score: score, overlap: overlap)
        let ranks = Grouping.ranks(store.images)
        let none = [Int32](repeating: 0, count: max(store.truths.image.count, store.answers.image.count))
        let truths = Grouping(
            classes: Array(none.prefix(store.truths.image.count)), images: store.truths.image, ranks: ranks,
            classCount: 1
        ).order
        let answers = Grouping(
            classes: Array(none.prefix(store.answers.image.count)), images: store.answers.image, ranks: ranks,
            classCount: 1
        ).order
        var (truth, answer) = (0, 0)
        while truth < truths.count || answer < answers.count {
            let next =
                [
                    truth < truths.count ? ranks[Int(store.truths.image[Int(truths[truth])])] : .max,
                    answer < answers.count ? ranks[Int(store.answers.image[Int(answers[answer])])] : .max,
                ].min() ?? .max
            let (firstTruth, firstAnswer) = (truth, answer)
            while truth < truths.count, ranks[Int(store.truths.image[Int(truths[truth])])] == next { truth += 1 }
            while answer < answers.count, ranks[Int(store.answers.image[Int(answers[answer])])] == next { answer += 1 }
            count(
                truths[firstTruth..<truth].map { Int($0) },
                answers[firstAnswer..<answer].map { Int($0) }.filter { store.answers.score[$0] >= score }, &result)
        }
        return result
    }

    private struct Pairing {
        var overlap: Double
        var score: Double
        var truth: Int
        var answer: Int

        func precedes(_ other: Pairing) -> Bool {
            if overlap != other.overlap { return overlap > other.overlap }
            if score != other.score { return score > other.score }
            return (answer, truth) < (other.answer, other.truth)
        }
    }

    private func count(_ truths: [Int], _ answers: [Int], _ result: inout ConfusionCounts) {
        let objects = truths.filter { !store.truths.isCrowd[$0] }
        let groups = truths.filter { store.truths.isCrowd[$0] }
        var pairs: [Pairing] = []
        for truth in objects {
            for answer in answers {
                let overlap = store.overlap(answer, truth, kind)
                if overlap >= result.overlap {
                    pairs.append(
                        Pairing(
                            overlap: overlap, score: store.answers.score[answer], truth: truth, answer: answer))
                }
            }
        }
        var (foundTruths, usedAnswers) = (Set<Int>(), Set<Int>())
        for pair in pairs.sorted(by: { $0.precedes($1) }) {
            guard !foundTruths.contains(pair.truth), !usedAnswers.contains(pair.answer) else { continue }
            foundTruths.insert(pair.truth)
            usedAnswers.insert(pair.answer)
            result.add(Int(store.truths.classIndex[pair.truth]), Int(store.answers.classIndex[pair.answer]))
        }
        for truth in objects where !foundTruths.contains(truth) {
            result.add(Int(store.truths.classIndex[truth]), classes)
        }
        for answer in answers where !usedAnswers.contains(answer) {
            let isInGroup = groups.contains { store.overlap(answer, $0, kind) >= result.overlap }
            if !isInGroup { result.add(classes, Int(store.answers.classIndex[answer])) }
        }
    }
}
