import Datasets
import Detection
import Tensors
import Testing

/// Curves, thresholds, confusion and what became of each image.
struct OutcomeTests {
    private func square(_ x: Double) -> Box { Box(left: x, top: 0, right: x + 10, bottom: 10) }

    /// Two images: of class 0 three objects and of class 1 one; one is missed, one said to be of another class.
    private var evaluator: CocoEvaluator {
        var evaluator = CocoEvaluator(classes: 2)
        evaluator.add(
            image: 10,
            truths: [
                TrueObject(classIndex: 0, box: square(0)), TrueObject(classIndex: 0, box: square(40)),
                TrueObject(classIndex: 0, box: square(200), isCrowd: true),
            ],
            detections: [
                DetectedObject(classIndex: 0, score: 0.9, box: square(0)),
                DetectedObject(classIndex: 0, score: 0.6, box: square(100)),
                DetectedObject(classIndex: 0, score: 0.8, box: square(201)),
            ])
        evaluator.add(
            image: 7, truths: [TrueObject(classIndex: 0, box: square(0)), TrueObject(classIndex: 1, box: square(40))],
            detections: [
                DetectedObject(classIndex: 0, score: 0.7, box: square(0)),
                DetectedObject(classIndex: 0, score: 0.5, box: square(41)),
                DetectedObject(classIndex: 1, score: 0.2, box: square(40)),
            ])
        return evaluator
    }

    @Test func curvesCountWhatIsBelieved() throws {
        let outcomes = evaluator.finish().outcomes
        let curve = outcomes.curve()
        #expect(curve.points.map(\.score) == [0.9, 0.7, 0.6, 0.5, 0.2])
        #expect(curve.points.map(\.hits) == [1, 2, 2, 2, 3] && curve.points.map(\.misses) == [0, 0, 1, 2, 2])
        let at = curve.at(0.65)
        #expect(at.hits == 2 && at.misses == 0 && at.precision == 1 && at.recall == 0.5)
        #expect(abs((at.f1 ?? 0) - 2.0 / 3) < 1e-12)
        // 4 / 6 at .7 and 6 / 9 at .2 are equal: the higher score is taken.
        #expect(outcomes.bestScore == 0.7)
        #expect(curve.at(2).hits == 0 && curve.at(2).precision == nil && curve.at(2).recall == 0)
        #expect(curve.sampled(11).count == 11 && curve.sampled(11)[10].hits == 0)
        #expect(outcomes.curve(ofClass: 1).points.map(\.hits) == [1])
        #expect(CocoEvaluator(classes: 1).finish().outcomes.bestScore == nil)
    }

    @Test func imagesKnowWhatBecameOfThem() {
        let counts = evaluator.finish().outcomes.imageCounts(score: 0.5)
        #expect(counts.map(\.image) == [10, 7])
        #expect(
            counts.map(\.hits) == [1, 1] && counts.map(\.falseAlarms) == [1, 1] && counts.map(\.misses) == [1, 1])
    }

    @Test func rowsOfConfusionAddUpToTheObjects() {
        let confusion = evaluator.confusion(score: 0.3)
        // The detection in the group counts for nothing; that beside everything is the background's.
        #expect(confusion.counts == [2, 0, 1, 1, 0, 0, 1, 0, 0])
        #expect(confusion[1, 0] == 1)
        // The object at 40 is overlapped more by the answer of its own class.
        #expect(evaluator.confusion(score: 0.1).counts == [2, 0, 1, 0, 1, 0, 2, 0, 0])
        #expect(evaluator.confusion(score: 0.95).counts == [0, 0, 3, 0, 0, 1, 0, 0, 0])
    }

    @Test func ofEqualPairsTheSurerDetectionIsTakenAndGroupsHoldAnyClass() {
        var evaluator = CocoEvaluator(classes: 2)
        evaluator.add(
            image: 1,
            truths: [
                TrueObject(classIndex: 0, box: square(0)), TrueObject(classIndex: 0, box: square(40), isCrowd: true),
            ],
            detections: [
                DetectedObject(classIndex: 0, score: 0.5, box: square(0)),
                DetectedObject(classIndex: 1, score: 0.9, box: square(0)),
                DetectedObject(classIndex: 1, score: 0.8, box: square(41)),
            ])
        #expect(evaluator.confusion(score: 0.3).counts == [0, 1, 0, 0, 0, 0, 1, 0, 0])
    }

    @Test func theSurestDetectionTakesTheObjectAndGroupsCountForNothing() {
        func instance(_ classIndex: Int, _ box: Box, isCrowd: Bool = false) -> Instance {
            Instance(box: box, classIndex: classIndex, isCrowd: isCrowd)
        }
        let truths = Instances(
            size: Pair(100),
            items: [
                instance(0, square(0)), instance(1, square(20)),
                instance(0, Box(left: 40, top: 0, right: 80, bottom: 40), isCrowd: true),
            ])
        let matches = ImageMatches(
            truths,
            [
                DetectedObject(classIndex: 0, score: 0.8, box: square(0)),
                DetectedObject(classIndex: 0, score: 0.9, box: Box(left: 0, top: 0, right: 10, bottom: 9)),
                DetectedObject(classIndex: 0, score: 0.7, box: square(20)),
                DetectedObject(classIndex: 0, score: 0.6, box: Box(left: 45, top: 5, right: 55, bottom: 15)),
            ])
        #expect(matches.isFound == [true, false, false])
        #expect(matches.isRight == [false, true, false, nil])
    }
}
