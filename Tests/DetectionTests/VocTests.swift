import Datasets
import Detection
import Testing

/// Pascal VOC's average precision, both ways.
struct VocTests {
    private func square(_ x: Double, _ side: Double = 10) -> Box { Box(left: x, top: 0, right: x + side, bottom: side) }

    private func evaluator(_ rule: VocEvaluator.Rule) -> VocEvaluator {
        var evaluator = VocEvaluator(classes: 2, rule: rule)
        evaluator.add(
            image: 1, truths: [TrueObject(classIndex: 0, box: square(0)), TrueObject(classIndex: 0, box: square(40))],
            detections: [
                DetectedObject(classIndex: 0, score: 0.9, box: square(0)),
                DetectedObject(classIndex: 0, score: 0.8, box: square(90)),
                DetectedObject(classIndex: 0, score: 0.7, box: square(40)),
            ])
        return evaluator
    }

    @Test func curvesBecomeOneNumberEitherWay() throws {
        // Precision 1 up to a recall of a half, then 2/3.
        let area = evaluator(.area).finish()
        #expect(isClose([try #require(area.classes[0])], [5.0 / 6]))
        #expect(area.classes[1] == nil && area.mean == area.classes[0])
        let points = evaluator(.elevenPoints).finish()
        let expected: Double = (6 + 10.0 / 3) / 11
        #expect(isClose([try #require(points.mean)], [expected]))
    }

    @Test func difficultObjectsMayBeFoundOrNot() throws {
        for isFound in [true, false] {
            var evaluator = VocEvaluator(classes: 1)
            evaluator.add(
                image: 1,
                truths: [
                    TrueObject(classIndex: 0, box: square(0)),
                    TrueObject(classIndex: 0, box: square(40), isCrowd: true),
                ],
                detections: [DetectedObject(classIndex: 0, score: 0.5, box: square(0))]
                    + (isFound ? [DetectedObject(classIndex: 0, score: 0.9, box: square(40))] : []))
            #expect(evaluator.finish().mean == 1)
        }
    }

    @Test func aDetectionNeverFallsBackToASecondObject() throws {
        // The second detection overlaps the taken object most and another one by half.
        var evaluator = VocEvaluator(classes: 1, overlap: 0.3)
        evaluator.add(
            image: 1, truths: [TrueObject(classIndex: 0, box: square(0)), TrueObject(classIndex: 0, box: square(5))],
            detections: [
                DetectedObject(classIndex: 0, score: 0.9, box: square(0)),
                DetectedObject(classIndex: 0, score: 0.8, box: square(1)),
            ])
        #expect(evaluator.finish().mean == 0.5)
    }

    @Test func onePixelMoreIsAnOption() {
        var evaluator = VocEvaluator(classes: 1)
        evaluator.add(
            image: 1, truths: [TrueObject(classIndex: 0, box: square(0, 2))],
            detections: [DetectedObject(classIndex: 0, score: 0.9, box: Box(left: 0, top: 0, right: 1, bottom: 1))])
        // 1 of 4, and with a pixel more 4 of 9.
        #expect(evaluator.finish().mean == 0)
        evaluator.overlap = 0.4
        #expect(evaluator.finish().mean == 0)
        evaluator.countsPixels = true
        #expect(evaluator.finish().mean == 1)
        #expect(VocEvaluator(classes: 1).finish().mean == nil)
    }
}
