import Datasets
import Detection
import Reporting
import Tensors

/// What an evaluation of a detector found.
public struct DetectionFindings: TaskFindings {
    /// What was said of one image.
    package struct Answer: Sendable {
        /// The image's index in the data set.
        package let index: Int
        /// Its id in the file that it comes from.
        package let identifier: Int64
        /// In the image's own pixels, by falling score.
        package let objects: [Detection.DetectedObject]
        /// Objects that were found, that were missed, and answers that are no objects, at `threshold` and an overlap of 0.5.
        package internal(set) var found = 0
        package internal(set) var missed = 0
        package internal(set) var wrong = 0

        /// Those with a score of at least that.
        package func objects(above threshold: Double) -> [Detection.DetectedObject] {
            Array(objects.prefix { $0.score >= threshold })
        }
    }

    /// The loss per image and the task's metrics.
    public internal(set) var scores = Scores(loss: 0, count: 0, [:])
    /// COCO's numbers of boxes.
    package internal(set) var boxes: CocoFindings
    /// The same of masks, where they are learnt.
    package internal(set) var masks: CocoFindings?
    /// The least score with the best F1 over all classes; nil where nothing was found.
    package internal(set) var threshold: Double?
    /// The least score that the weights kept from their validation; nil while they are trained.
    package internal(set) var kept: Double?
    /// All images, in the order in which they were measured.
    package internal(set) var answers: [Answer]
    /// What is taken for what, where everything was asked for.
    package internal(set) var confusion: ObjectConfusion?
    /// A few images that are the same in every evaluation, as indices into `answers`.
    package internal(set) var fixed: [Int] = []
    /// What a user should know.
    public internal(set) var notices: [String] = []

    /// The least score of what is counted as found or wrong, and shown: what the weights kept, or else the best one here.
    package var shown: Double { kept ?? threshold ?? DetectionSettings.usualThreshold }

    /// Indices into `answers`, those with the most mistakes first; those without any come last, the ones with the most
    /// objects last of all.
    package var worstFirst: [Int] {
        func rank(_ index: Int) -> (Int, Int, Int) {
            let answer = answers[index]
            return (-(answer.missed + answer.wrong), answer.found, answer.index)
        }
        return answers.indices.sorted { rank($0) < rank($1) }
    }
}

/// What is taken for what at a least score and an overlap: pairs of a true class and an answer. The number of classes stands
/// for the background.
package struct ObjectConfusion: Sendable, Equatable {
    /// [classes + 1, classes + 1], by truth and answer.
    package private(set) var counts: [Int]
    package let classes: Int
    /// The least score of an answer.
    package let score: Double

    init(classes: Int, score: Double) {
        (self.classes, self.score) = (classes, score)
        counts = Array(repeating: 0, count: (classes + 1) * (classes + 1))
    }

    /// Adds an image: pairs of objects and answers that overlap, whatever their classes, the best overlap first, each in one
    /// pair at most. Answers in a group of objects count for nothing.
    mutating func add(_ truths: [Instance], _ answers: [Detection.DetectedObject]) {
        let objects = truths.filter { !$0.isCrowd }
        let matrix = BoxOverlap.union.matrix(answers.map(\.box), objects.map(\.box))
        var pairs: [(overlap: Double, answer: Int, object: Int)] = []
        for (place, overlap) in matrix.enumerated() where overlap >= ObjectMatches.overlap {
            pairs.append((overlap, place / objects.count, place % objects.count))
        }
        pairs.sort { ($1.overlap, $0.answer, $0.object) < ($0.overlap, $1.answer, $1.object) }
        var (takenAnswers, takenObjects) = (Set<Int>(), Set<Int>())
        func count(_ truth: Int, _ answer: Int) { counts[truth * (classes + 1) + answer] += 1 }
        for pair in pairs where !takenAnswers.contains(pair.answer) && !takenObjects.contains(pair.object) {
            takenAnswers.insert(pair.answer)
            takenObjects.insert(pair.object)
            count(objects[pair.object].classIndex, answers[pair.answer].classIndex)
        }
        for (index, object) in objects.enumerated() where !takenObjects.contains(index) {
            count(object.classIndex, classes)
        }
        let crowds = truths.filter(\.isCrowd)
        for (index, answer) in answers.enumerated() where !takenAnswers.contains(index) {
            let isInCrowd = crowds.contains { BoxOverlap.first(answer.box, $0.box) >= ObjectMatches.overlap }
            if !isInCrowd { count(classes, answer.classIndex) }
        }
    }
}

/// Which objects of an image were found by which answers, class by class: the surest answer takes the object that it overlaps
/// most, if by half at least.
package struct ObjectMatches: Sendable {
    /// The least overlap of an answer with its object.
    package static let overlap = 0.5

    /// Of each object: whether it is found.
    package private(set) var isFound: [Bool]
    /// Of each answer: whether it is an object; nil for one in a group of objects, which does not count.
    package private(set) var isRight: [Bool?]

    /// - Parameter answers: by falling score.
    package init(_ truths: [Instance], _ answers: [Detection.DetectedObject]) {
        isFound = Array(repeating: false, count: truths.count)
        isRight = Array(repeating: false, count: answers.count)
        for (index, answer) in answers.enumerated() {
            var best: (index: Int, overlap: Double)?
            var isInCrowd = false
            for (place, truth) in truths.enumerated() where truth.classIndex == answer.classIndex {
                if truth.isCrowd {
                    isInCrowd = isInCrowd || BoxOverlap.first(answer.box, truth.box) >= Self.overlap
                } else if !isFound[place] {
                    let overlap = BoxOverlap.union(answer.box, truth.box)
                    if overlap >= Self.overlap, overlap > best?.overlap ?? 0 { best = (place, overlap) }
                }
            }
            if let best {
                isFound[best.index] = true
                isRight[index] = true
            } else if isInCrowd {
                isRight[index] = nil
            }
        }
    }
}
