import Datasets
import Detection
import Foundation
import JSON
import Models
import Tasks
import Tensors
import Testing

private func truth(_ classIndex: Int, _ place: Box, isCrowd: Bool = false) -> Instance {
    Instance(box: place, classIndex: classIndex, isCrowd: isCrowd)
}

private func answer(_ classIndex: Int, _ score: Double, _ place: Box) -> Detection.DetectedObject {
    Detection.DetectedObject(classIndex: classIndex, score: score, box: place)
}

@Suite struct ScoreCurveTests {
    /// Four objects; five answers, of which those at 0.9, 0.7 and 0.5 are right.
    private var curves: ScoreCurves {
        var evaluator = CocoEvaluator(classes: 1)
        let places = (0..<4).map { box(Double($0) * 20, 0, Double($0) * 20 + 10, 10) }
        let far = box(200, 200, 210, 210)
        evaluator.add(
            image: 1, Instances(size: Pair(300), items: places.map { truth(0, $0) }),
            detections: [
                answer(0, 0.9, places[0]), answer(0, 0.8, far), answer(0, 0.7, places[1]), answer(0, 0.5, places[2]),
                answer(0, 0.4, far),
            ])
        return ScoreCurves(evaluator.finish().outcomes)
    }

    @Test func theBestLeastScoreHasTheHighestF1() throws {
        let best = try #require(curves.best)
        #expect(best.score == 0.5)
        #expect(best.f1 == 2 * 3.0 / (4 + 4))
        #expect(best.precision == 0.75 && best.recall == 0.75)
    }

    @Test func curvesHoldWhatIsLeftAtEachScore() {
        let places = curves.places([0, 0.6, 0.95])
        #expect(places.map(\.precision) == [0.6, 2.0 / 3, nil])
        #expect(places.map(\.recall) == [0.75, 0.5, 0])
    }

    @Test func withoutAnObjectFoundThereIsNoBestScore() {
        var evaluator = CocoEvaluator(classes: 1)
        evaluator.add(
            image: 1, Instances(size: Pair(30), items: [truth(0, box(0, 0, 5, 5))]),
            detections: [answer(0, 0.9, box(20, 20, 25, 25))])
        #expect(ScoreCurves(evaluator.finish().outcomes).best == nil)
    }
}

@Suite struct ObjectMatchTests {
    @Test func theSurestAnswerTakesTheObjectAndCrowdsCountForNothing() {
        let truths = [
            truth(0, box(0, 0, 10, 10)), truth(1, box(20, 0, 30, 10)), truth(0, box(40, 0, 80, 40), isCrowd: true),
        ]
        let matches = ObjectMatches(
            truths,
            [
                answer(0, 0.9, box(0, 0, 10, 9)), answer(0, 0.8, box(0, 0, 10, 10)), answer(0, 0.7, box(20, 0, 30, 10)),
                answer(0, 0.6, box(45, 5, 55, 15)),
            ])
        #expect(matches.isFound == [true, false, false])
        #expect(matches.isRight == [true, false, false, nil])
    }
}

@Suite struct DetectionSettingsTests {
    private var settings: DetectionSettings {
        var settings = DetectionSettings(
            head: RetinaNetHeadSpecification(classes: 2, style: .torchvision), strides: [8, 16],
            limits: DetectionLimits())
        settings.categories = [7, 90]
        settings.threshold = 0.25
        return settings
    }

    @Test func settingsComeBackAsTheyWere() throws {
        let read = try DetectionSettings(settings.json, classes: 2)
        #expect(read.json == settings.json)
        #expect(read.categories == [7, 90] && read.threshold == 0.25 && read.strides == [8, 16])
        #expect(read.head.style == .torchvision)
    }

    @Test(arguments: ["head", "strides", "evaluation"]) func aMissingMemberIsToldByName(name: String) throws {
        var json = settings.json
        json[name] = .null
        let error = #expect(throws: RecipeError.self) { try DetectionSettings(json, classes: 2) }
        #expect(error?.description.contains(name) == true)
    }

    @Test func idsOfAnotherNumberOfClassesAreRefused() {
        var json = settings.json
        json["categories"] = [1, 2, 3]
        #expect(throws: RecipeError.self) { try DetectionSettings(json, classes: 2) }
        #expect(throws: RecipeError.self) { try DetectionSettings(settings.json, classes: 3) }
    }
}
