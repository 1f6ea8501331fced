import Datasets
import Detection
import Foundation
import JSON
import Tensors
import Testing

/// Files that are damaged, strange or do not belong to each other: numbers or one sentence, and never a trap.
struct HostileFileTests {
    private func truths(_ text: String, masks: Bool = false) throws -> CocoTruths {
        try CocoTruths(parsing: Array(text.utf8), "truths.json", masks: masks)
    }

    private func results(_ text: String, parts: Int = 1) throws -> CocoResults {
        try CocoResults(parsing: Array(text.utf8), "results.json", parts: parts)
    }

    private func sentence(_ body: () throws -> Void) -> String {
        do { try body() } catch { return (error as? DatasetError)?.description ?? "\(type(of: error))" }
        return "no error"
    }

    private let plain = """
        {"images": [{"id": 3, "height": 4, "width": 5}, {"id": 90}], "categories": [{"id": 7, "name": "b"}, {"id": 1, "name": "a"}],
         "annotations": [{"id": 1, "image_id": 3, "category_id": 7, "bbox": [0, 0, 2, 2], "area": 3, "iscrowd": 0}]}
        """

    @Test func whatIsMissingIsNamed() throws {
        let read = try truths(plain)
        #expect(read.categories.map(\.name) == ["a", "b"] && read.images == [3, 90] && read.count == 1)
        for (found, replacement, expected) in [
            ("\"id\": 90", "\"id\": 3", "the image id 3 stands there more than once"),
            ("\"image_id\": 3", "\"image_id\": 4", "the annotation 1 is of the image 4, which is not in the file"),
            ("\"category_id\": 7", "\"category_id\": 8", "the category 8, which is none of the file's, 1, 7"),
            ("\"image_id\": 3, ", "", "annotation 1 has no image_id"), ("\"id\": 7", "\"id\": 1", "stands for both"),
            ("\"bbox\": [0, 0, 2, 2], ", "", "the annotation 1 has no bbox"),
            ("[0, 0, 2, 2]", "[0, 0, 2]", "a bbox of 3 numbers"),
            ("\"images\"", "\"pictures\"", "there is no list of images"),
        ] {
            let text = plain.replacingOccurrences(of: found, with: replacement)
            #expect(text != plain)
            let said = sentence { _ = try truths(text) }
            #expect(said.contains(expected) && said.hasPrefix("truths.json: "), "\(said)")
        }
        #expect(sentence { _ = try truths(plain, masks: true) }.contains("the annotation 1 has no segmentation"))
    }

    @Test func missingAreasComeFromMasksOrBoxesAndAreSaid() throws {
        let without = plain.replacingOccurrences(of: "\"area\": 3, ", with: "")
        let ofBox = try truths(without)
        #expect(ofBox.allObjects[0].object.area == 4 && ofBox.notices.count == 1)
        let drawn = without.replacingOccurrences(
            of: "\"iscrowd\": 0", with: "\"segmentation\": [[0, 0, 4, 0, 4, 3, 0, 3]]")
        let ofMask = try truths(drawn)
        #expect(ofMask.allObjects[0].object.area == 12 && ofMask.allObjects[0].object.mask == nil)
        #expect(try truths(plain).notices.isEmpty)
    }

    @Test func resultsMustBelongToTheImages() throws {
        let truths = try truths(plain)
        let good = #"[{"image_id": 3, "category_id": 7, "score": 0.5, "bbox": [0, 0, 2, 2]}]"#
        #expect(try CocoEvaluator(truths, results(good)).finish().stats[0] > 0.999)
        let other = good.replacingOccurrences(of: "\"image_id\": 3", with: "\"image_id\": 44")
        #expect(
            sentence { _ = try CocoEvaluator(truths, results(other)) }.contains(
                "detection 1 is of the image 44, which is not in truths.json"))
        let unknown = good.replacingOccurrences(of: "7", with: "55")
        #expect(try CocoEvaluator(truths, results(unknown)).finish().stats[0] == 0)
        #expect(try CocoEvaluator(truths, results("[]")).finish().stats[0] == 0)
        #expect(sentence { _ = try CocoEvaluator(truths, results(good), kind: .masks) }.contains("has no segmentation"))
        let mask = #"[{"image_id": 3, "category_id": 7, "score": 1, "segmentation": {"size": [5, 4], "counts": [20]}}]"#
        #expect(
            sentence { _ = try CocoEvaluator(truths, results(mask), kind: .masks) }.contains(
                "detection 1 has a mask of 5x4 pixels, but its image 3 has 4x5"))
    }

    @Test func resultsSayWhichDetectionIsWrong() {
        let good = #"{"image_id": 3, "category_id": 7, "score": 0.5, "bbox": [0, 0, 2, 2]}"#
        for (bad, expected) in [
            ("{}", "it has no image_id"), (#"{"image_id": 3, "category_id": 1}"#, "it has no score"),
            (#"{"image_id": 3, "category_id": 1, "score": 1}"#, "it has no bbox"),
            (#"{"image_id": 3.5}"#, "expected a whole number"), (#"{"image_id": "3"}"#, "expected a number"),
            (#"{"image_id": 3, "score": NaN}"#, "expected a number"), ("7", "expected '{'"),
            (#"{"image_id": 3, "category_id": 1, "score": 1, "segmentation": [[1, 2, 3, 4, 5, 6]]}"#, "is an outline"),
            (
                #"{"image_id": 3, "category_id": 1, "score": 1, "segmentation": {"size": [2, 2], "counts": "z"}}"#,
                "the compressed runs have a byte of value 122"
            ),
            (
                #"{"image_id": 3, "category_id": 1, "score": 1, "segmentation": {"size": [999999, 999999], "counts": [1]}}"#,
                "a mask of 999999 rows and 999999 columns cannot be read"
            ),
        ] {
            let said = sentence { _ = try results("[\(good), \(bad)]") }
            #expect(said.contains("results.json: detection 2: ") && said.contains(expected), "\(said)")
        }
        #expect(sentence { _ = try results("{\"a\": 1}") }.contains("expected a list of detections"))
        #expect(sentence { _ = try results("[\(good)") }.contains("expected ']'"))
        #expect(sentence { _ = try results("[\(good)] x") }.contains("unexpected text"))
    }

    @Test func manyThreadsReadWhatOneReads() throws {
        // Strings that look like the border between two detections, long enough for several parts.
        var random = Random(seed: 4, purpose: "parts")
        let strange = #", "note": "}, {\"image_id\": 5}, {""#
        for hasStrings in [false, true] {
            let text =
                "["
                + (0..<2500).map { index in
                    #"{"image_id": \#(index), "category_id": 1, "score": \#(random.uniform()), "bbox": [1, 2, 3.5, 4]"#
                        + (hasStrings ? strange : "") + "}"
                }.joined(separator: ", ") + "]"
            let one = try results(text)
            for parts in [2, 3, 8] {
                let many = try results(text, parts: parts)
                #expect(many.count == 2500 && (0..<2500).allSatisfy { many[$0] == one[$0] })
            }
            let broken = text.replacingOccurrences(of: #""image_id": 2400"#, with: #""image_id": no"#)
            #expect(sentence { _ = try results(broken, parts: 3) } == sentence { _ = try results(broken) })
            #expect(sentence { _ = try results(broken, parts: 3) }.contains("detection 2401: expected a number"))
        }
    }

    @Test func damagedFilesAreReadOrNamed() throws {
        var random = Random(seed: 6, purpose: "damage")
        let files = [try Resource.bytes("coco_b_ground_truth.json"), try Resource.bytes("coco_b_detections.json")]
        for round in 0..<1500 {
            var bytes = Array(files[round % 2].prefix(round % 2 == 0 ? files[0].count : 3000))
            for _ in 0...random.integer(below: 4) {
                let place = random.integer(below: bytes.count)
                switch random.integer(below: 5) {
                case 0: bytes[place] = UInt8(random.integer(below: 256))
                case 1: bytes[place] = UInt8(48 + random.integer(below: 64))
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.integer(below: 30)))
                case 3: bytes.insert(contentsOf: Array("99999999".utf8), at: place)
                default: bytes.insert(Array(#"[]{},:"-e"#.utf8)[random.integer(below: 9)], at: place)
                }
            }
            do {
                if round % 2 == 0 {
                    _ = try CocoTruths(parsing: bytes, "x", masks: true)
                } else {
                    if bytes.last != UInt8(ascii: "]") { bytes.append(UInt8(ascii: "]")) }
                    _ = try CocoResults(parsing: bytes, "x")
                }
            } catch { #expect(error is DatasetError) }
        }
    }
}
