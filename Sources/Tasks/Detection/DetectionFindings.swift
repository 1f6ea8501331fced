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
    package internal(set) var confusion: ConfusionCounts?
    /// A few images that are the same in every evaluation, as indices into `answers`.
    package internal(set) var fixed: [Int] = []
    /// What a user should know.
    public internal(set) var notices: [String] = []

    /// The least score of what is counted as found or wrong, and shown: what the weights kept, or else the best one here.
    package var shown: Double { kept ?? threshold ?? DetectionSettings.usualThreshold }

    /// Writes down what was found, missed and wrong in each image.
    mutating func tally() {
        let counts = Dictionary(
            uniqueKeysWithValues: boxes.outcomes.imageCounts(score: shown).map { ($0.image, $0) })
        for place in answers.indices {
            guard let own = counts[Int64(answers[place].index)] else { continue }
            (answers[place].found, answers[place].missed) = (own.hits, own.misses)
            answers[place].wrong = own.falseAlarms
        }
    }

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
