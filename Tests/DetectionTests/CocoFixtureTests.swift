import Datasets
import Detection
import Foundation
import JSON
import TestSupport
import Testing

/// COCO's numbers on made-up sets for which pycocotools gave them.
struct CocoFixtureTests {
    private static let sets = ["coco_a", "coco_b", "coco_c"]

    /// The results without one of the two geometries, so that a detection's area is that of what is measured.
    private func results(_ name: String, without member: String) throws -> CocoResults {
        let items = try #require(Resource.json(name + "_detections.json").arrayValue).map { item in
            var item = item
            item[member] = nil
            return item
        }
        return try CocoResults(parsing: Array(JSONValue.array(items).text().utf8), name)
    }

    private func truths(_ name: String) throws -> CocoTruths {
        try CocoTruths(contentsOf: Resource.path(name + "_ground_truth.json"), masks: true)
    }

    private func check(_ findings: CocoFindings, _ truths: CocoTruths, _ expected: JSONValue, _ name: String) throws {
        #expect(isClose(findings.stats, expected["stats"]?.numbers ?? [], 1e-12), "\(name)")
        #expect(isClose(findings.precisionByOverlap, expected["AP_by_threshold"]?.numbers ?? [], 1e-12), "\(name)")
        let classes = try #require(expected["per_category"]?.objectValue)
        #expect(classes.count == truths.categories.count)
        for own in classes {
            let label = try #require(truths.categories.firstIndex { String($0.identifier) == own.name })
            let found = findings.classes[label]
            #expect(
                isClose(
                    [found.averagePrecision, found.averagePrecision50],
                    [own.value["AP"]?.doubleValue ?? .nan, own.value["AP50"]?.doubleValue ?? .nan], 1e-12), "\(name)")
        }
    }

    @Test(arguments: sets) func numbersAreThoseOfTheReference(_ name: String) throws {
        let truths = try truths(name)
        let expected = try Resource.json(name + "_expected.json")
        let boxes = try CocoEvaluator(truths, results(name, without: "segmentation")).finish()
        try check(boxes, truths, #require(expected["bbox"]), name)
        let masks = try CocoEvaluator(truths, results(name, without: "bbox"), kind: .masks).finish()
        try check(masks, truths, #require(expected["segm"]), name)
    }

    @Test func theOrderOfImagesDoesNotMatterAndOneByOneIsAsGood() throws {
        for name in Self.sets {
            let truths = try truths(name)
            let results = try results(name, without: "segmentation")
            let whole = try CocoEvaluator(truths, results).finish()
            for order in [truths.images, truths.images.reversed(), truths.images.sorted { $0 % 7 < $1 % 7 }] {
                var evaluator = CocoEvaluator(classes: truths.categories.count)
                for image in order {
                    evaluator.add(
                        image: image, truths: truths.objects(of: image), detections: results.objects(of: image, truths))
                }
                #expect(evaluator.imageCount == truths.images.count)
                #expect(isClose(evaluator.finish().stats, whole.stats, 1e-12))
            }
        }
    }

    @Test func anyNumberOfThreadsGivesTheSameBits() throws {
        let (truths, results) = (try truths("coco_c"), try results("coco_c", without: "bbox"))
        let violations = try ThreadIndependence.violations {
            try CocoEvaluator(truths, results, kind: .masks).finish().stats.map(\.bitPattern)
        }
        #expect(violations.isEmpty)
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let results = try CocoResults(contentsOf: Resource.path("coco_b_detections.json"))
        let items = (0..<results.count).map { results[$0] }
        let text = CocoResults.text(items)
        let again = try CocoResults(parsing: Array(text.utf8), "again")
        #expect(again.count == results.count && results.count > 50)
        for index in items.indices {
            #expect(again[index].mask == items[index].mask && again[index].score == items[index].score)
            #expect(isClose(sides([again[index].box!]), sides([items[index].box!]), 1e-12))
        }
        #expect(try CocoResults(parsing: Array(CocoResults.text([]).utf8), "none").count == 0)
    }
}

extension CocoTruths {
    /// What is in an image.
    func objects(of image: Int64) -> [TrueObject] { allObjects.filter { $0.image == image }.map(\.object) }
}

extension CocoResults {
    /// What is said to be in an image.
    func objects(of image: Int64, _ truths: CocoTruths) -> [DetectedObject] {
        (0..<count).map { self[$0] }.filter { $0.image == image }.compactMap { item in
            guard let label = truths.categories.firstIndex(where: { $0.identifier == item.category }),
                let box = item.box
            else { return nil }
            return DetectedObject(classIndex: label, score: item.score, box: box, mask: item.mask)
        }
    }
}
