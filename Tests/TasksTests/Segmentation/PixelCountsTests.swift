import Foundation
import JSON
import Tasks
import Tensors
import Testing

/// What masks of a set are measured by, held against a plain script's numbers.
struct PixelCountsTests {
    @Test func countsTheVectorOfTheSpecification() {
        var counts = PixelCounts(classes: 3)
        counts.add(answers: [0, 0, 1, 1, 2, 2, 1, 0], labels: [0, 1, 1, 1, 2, 0, 255, 0])
        #expect(counts.intersectionOverUnion(0) == 2.0 / 4)
        #expect(counts.intersectionOverUnion(1) == 2.0 / 3)
        #expect(counts.intersectionOverUnion(2) == 1.0 / 2)
        let mean = counts.meanIoU ?? 0
        #expect(abs(mean - 0.555556) < 1e-6)
        #expect(counts.total == 7, "the ignored pixel counts for nothing")
    }

    @Test func agreesWithAPlainScriptToTheLastDigit() throws {
        let path = try #require(
            Bundle.module.path(forResource: "segmentation_metrics", ofType: "json", inDirectory: "Resources"))
        let file = try JSONValue(parsing: String(contentsOfFile: path, encoding: .utf8))
        for member in file.objectValue ?? [] {
            let (name, set) = (member.name, member.value)
            let classes = try #require(set["classes"]?.integerValue)
            var counts = PixelCounts(classes: classes)
            for image in set["images"]?.arrayValue ?? [] {
                func pixels(_ key: String) -> [UInt8] {
                    (image[key]?.arrayValue ?? []).flatMap { ($0.arrayValue ?? []).compactMap(\.integerValue) }
                        .map { UInt8($0) }
                }
                counts.add(answers: pixels("prediction"), labels: pixels("label"))
            }
            func same(_ found: Double?, _ expected: JSONValue?) -> Bool {
                guard let number = expected?.doubleValue else { return found == nil }
                return abs((found ?? .infinity) - number) < 1e-12
            }
            for index in 0..<classes {
                #expect(
                    same(counts.intersectionOverUnion(index), set["iou"]?.arrayValue?[index]), "\(name) IoU \(index)")
                #expect(same(counts.dice(index), set["dice"]?.arrayValue?[index]), "\(name) Dice \(index)")
                #expect(
                    same(counts.accuracy(index), set["class_accuracy"]?.arrayValue?[index]), "\(name) accuracy \(index)"
                )
            }
            #expect(same(counts.meanIoU, set["mIoU"]), "\(name) mIoU")
            #expect(same(counts.meanDice(background: nil), set["mDice"]), "\(name) mean Dice")
            #expect(same(counts.meanClassAccuracy, set["mean_class_accuracy"]), "\(name) class accuracy")
            #expect(same(counts.pixelAccuracy, set["pixel_accuracy"]), "\(name) pixel accuracy")
        }
    }

    @Test func leavesUndefinedClassesOutOfMeansAndNamesThem() {
        var counts = PixelCounts(classes: 4)
        counts.add(answers: [0, 1, 1], labels: [0, 1, 0])
        #expect(counts.undefined == [2, 3])
        #expect(counts.meanIoU == (0.5 + 0.5) / 2)
        #expect(counts.meanDice(background: 0) == counts.dice(1))
    }

    @Test func countsAnImageWithoutThingsAsOneAndAMissedThingAsZero() {
        var empty = PixelCounts(classes: 2)
        empty.add(answers: [0, 0], labels: [0, 0])
        #expect(empty.imageDice(background: 0) == 1)
        var missed = PixelCounts(classes: 2)
        missed.add(answers: [0, 0], labels: [0, 1])
        #expect(missed.imageDice(background: 0) == 0)
        var invented = PixelCounts(classes: 2)
        invented.add(answers: [0, 1], labels: [0, 0])
        #expect(invented.imageDice(background: 0) == 0)
    }

    @Test func addsUpToTheSameWhateverTheOrder() {
        let images: [([UInt8], [UInt8])] = [([0, 1, 2], [0, 0, 2]), ([2, 2], [2, 255]), ([1], [1])]
        var (forward, backward) = (PixelCounts(classes: 3), PixelCounts(classes: 3))
        for (answers, labels) in images { forward.add(answers: answers, labels: labels) }
        for (answers, labels) in images.reversed() {
            var own = PixelCounts(classes: 3)
            own.add(answers: answers, labels: labels)
            backward += own
        }
        #expect(forward == backward)
    }
}
