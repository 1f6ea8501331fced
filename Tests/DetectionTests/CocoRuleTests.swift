import Datasets
import Detection
import Tensors
import Testing

/// The fine print of COCO's rules, one by one.
struct CocoRuleTests {
    private func square(_ x: Double, _ side: Double = 10) -> Box { Box(left: x, top: 0, right: x + side, bottom: side) }

    private func stats(
        _ truths: [TrueObject], _ detections: [DetectedObject], classes: Int = 1, reference: Bool = false
    ) -> [Double] {
        var evaluator = CocoEvaluator(classes: classes, followsReference: reference)
        evaluator.add(image: 1, truths: truths, detections: detections)
        return evaluator.finish().stats
    }

    private func found(_ box: Box, _ score: Double, _ label: Int = 0) -> DetectedObject {
        DetectedObject(classIndex: label, score: score, box: box)
    }

    @Test func whatIsNotThereIsUndefined() {
        let nothing = stats([], [])
        #expect(nothing == [Double](repeating: -1, count: 12))
        #expect(stats([], [found(square(0), 0.5)]) == nothing)
        let missed = stats([TrueObject(classIndex: 0, box: square(0))], [])
        #expect(missed == [0, 0, 0, 0, -1, -1, 0, 0, 0, 0, -1, -1])
    }

    @Test func classesWithoutObjectsAreLeftOutOfMeans() {
        let truths = [TrueObject(classIndex: 0, box: square(0))]
        let findings = stats(truths, [found(square(0), 0.5), found(square(0), 0.9, 2)], classes: 3)
        #expect(findings[0] > 0.999 && findings[8] == 1)
    }

    @Test func anObjectWithTheIdZeroIsFoundUnlessTheReferenceIsFollowed() {
        let truths = [TrueObject(classIndex: 0, box: square(0), identifier: 0)]
        #expect(stats(truths, [found(square(0), 0.5)])[0] > 0.999)
        let flawed = stats(truths, [found(square(0), 0.5)], reference: true)
        #expect(flawed[0] == 0 && flawed[8] == 0)
        let other = [TrueObject(classIndex: 0, box: square(0), identifier: 7)]
        #expect(stats(other, [found(square(0), 0.5)], reference: true)[0] > 0.999)
    }

    @Test func groupsMayBeFoundManyTimesAndNeverCount() {
        let truths = [
            TrueObject(classIndex: 0, box: square(0, 100), isCrowd: true), TrueObject(classIndex: 0, box: square(200)),
        ]
        // All in the group, surer than the one that counts.
        let inGroup = [0.9, 0.8, 0.7].map { found(square(20 * $0), $0) }
        #expect(stats(truths, inGroup + [found(square(200), 0.5)])[0] > 0.999)
        // Beside the group they are wrong.
        let beside = [0.9, 0.8].map { found(square(300), $0) }
        let findings = stats(truths, beside + [found(square(200), 0.5)])
        #expect(abs(findings[1] - 1.0 / 3) < 1e-9)
    }

    @Test func oneObjectIsFoundOnce() {
        let findings = stats(
            [TrueObject(classIndex: 0, box: square(0)), TrueObject(classIndex: 0, box: square(50))],
            [found(square(0), 0.9), found(square(0), 0.8), found(square(50), 0.7)])
        // Precision 1 up to a recall of a half, 2/3 beyond: 51 points and 50.
        let expected: Double = (51 + 100.0 / 3) / 101
        #expect(abs(findings[1] - expected) < 1e-9)
        #expect(findings[6] == 0.5 && findings[7] == 1)
    }

    @Test func ofEqualOverlapsTheLaterObjectIsTaken() {
        // The first detection has 2 / 3 in common with both.
        let truths = [TrueObject(classIndex: 0, box: square(0)), TrueObject(classIndex: 0, box: square(4))]
        let middle = square(2)
        let first = stats(truths, [found(middle, 0.9), found(square(0), 0.8)])
        #expect(first[1] > 0.999)
        let second = stats(truths, [found(middle, 0.9), found(square(4), 0.8)])
        #expect(second[1] < 0.6)
    }

    @Test func aBoundBelongsToBothSizes() {
        let findings = stats(
            [TrueObject(classIndex: 0, box: square(0, 32))], [found(square(0, 32), 0.9)])
        #expect(findings[3] > 0.999 && findings[4] > 0.999 && findings[5] == -1)
        let upper = stats([TrueObject(classIndex: 0, box: square(0, 96))], [found(square(0, 96), 0.9)])
        #expect(upper[3] == -1 && upper[4] > 0.999 && upper[5] > 0.999)
    }

    @Test func theAreaOfAnObjectIsNotThatOfItsBox() {
        let findings = stats(
            [TrueObject(classIndex: 0, box: square(0, 100), area: 500)], [found(square(0, 100), 0.9)])
        #expect(findings[3] > 0.999 && findings[5] == -1)
    }

    @Test func wrongDetectionsOfOtherSizesAreForgiven() {
        let truths = [TrueObject(classIndex: 0, box: square(0, 20))]
        let findings = stats(truths, [found(square(300, 200), 0.9), found(square(0, 20), 0.8)])
        #expect(abs(findings[1] - 0.5) < 1e-9 && findings[3] > 0.999)
    }

    @Test func onlyAHundredDetectionsOfAnImageAndClassCount() {
        let truths = [TrueObject(classIndex: 0, box: square(0)), TrueObject(classIndex: 1, box: square(0))]
        let wrong = (0..<100).map { found(square(100 + 20 * Double($0)), 0.9) }
        let late = stats(truths, wrong + [found(square(0), 0.1), found(square(0), 0.1, 1)], classes: 2)
        // The first class's own is the 101st; the second class has a count of its own.
        #expect(late[8] == 0.5)
        let just = stats(truths, wrong.dropLast() + [found(square(0), 0.1), found(square(0), 0.1, 1)], classes: 2)
        #expect(just[8] == 1 && just[7] == 0.5)
    }

    @Test func equalScoresKeepTheOrderOfTheDetections() {
        let truths = [TrueObject(classIndex: 0, box: square(0))]
        #expect(stats(truths, [found(square(0), 0.5), found(square(90), 0.5)])[1] > 0.999)
        #expect(abs(stats(truths, [found(square(90), 0.5), found(square(0), 0.5)])[1] - 0.5) < 1e-9)
    }

    @Test func masksAreComparedByTheirPixels() {
        func mask(_ columns: Range<Int>) -> RunLengthMask {
            RunLengthMask(bitmap: (0..<100).map { columns.contains($0 % 10) ? 1 : 0 }, size: 10)
        }
        var evaluator = CocoEvaluator(classes: 1, kind: .masks)
        let box = square(0)
        evaluator.add(
            image: 5, truths: [TrueObject(classIndex: 0, box: box, mask: mask(0..<6))],
            detections: [DetectedObject(classIndex: 0, score: 0.9, box: box, mask: mask(0..<4))])
        // 4 columns of 6: right at .5, .55, .6 and .65.
        let findings = evaluator.finish()
        #expect(abs(findings.stats[0] - 0.4) < 1e-9)
        #expect(findings.precisionByOverlap.map { $0.rounded() } == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    }

    @Test func objectsOfTheDataBringTheirPixelsHoweverTheyAreTold() {
        let size = Pair(10, 10)
        let left = RunLengthMask(bitmap: (0..<100).map { $0 % 10 < 6 ? 1 : 0 }, size: size)
        let outline = Polygon([Point(0, 0), Point(6, 0), Point(6, 10), Point(0, 10)])
        let box = Box(left: 0, top: 0, right: 6, bottom: 10)
        for item in [
            Instance(box: box, classIndex: 0, runs: left), Instance(box: box, classIndex: 0, mask: left.mask),
            Instance(box: box, classIndex: 0, polygons: [outline]),
        ] {
            var evaluator = CocoEvaluator(classes: 1, kind: .masks)
            evaluator.add(
                image: 1, Instances(size: size, items: [item]),
                detections: [DetectedObject(classIndex: 0, score: 0.5, box: box, mask: left)])
            #expect(evaluator.finish().stats[0] > 0.999)
        }
    }
}
