import Foundation
import Testing

extension Program {
    /// Detections of a file are measured without a model.
    @Suite struct DetectionFiles {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write(
                "instances.json",
                """
                {"images": [{"id": 5, "height": 40, "width": 60}, {"id": 9, "height": 40, "width": 60}],
                 "categories": [{"id": 90, "name": "cell"}, {"id": 1, "name": "dot"}],
                 "annotations": [
                  {"id": 1, "image_id": 5, "category_id": 90, "bbox": [2, 2, 20, 20], "area": 400, "iscrowd": 0,
                   "segmentation": [[2, 2, 22, 2, 22, 22, 2, 22]]},
                  {"id": 2, "image_id": 9, "category_id": 90, "bbox": [10, 5, 20, 10], "area": 200, "iscrowd": 0,
                   "segmentation": [[10, 5, 30, 5, 30, 15, 10, 15]]}]}
                """)
            try place.write(
                "found.json",
                """
                [{"image_id": 5, "category_id": 90, "score": 0.9, "bbox": [2, 2, 20, 20]},
                 {"image_id": 9, "category_id": 90, "score": 0.8, "bbox": [40, 5, 20, 10]}]
                """)
        }

        private func json(_ line: String) throws -> [String: Any] {
            let outcome = try place.run("evaluate --annotations instances.json " + line + " --json")
            #expect(outcome.code == 0, "\(outcome.errors)")
            return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        }

        @Test func theTwelveNumbersAndThoseOfEachClassArePrinted() throws {
            let found = try json("--predictions found.json")
            let stats = try #require(found["stats"] as? [Double])
            // One of two is found: precision 1 up to a recall of a half, which 51 of 101 points reach.
            #expect(stats.count == 12 && abs(stats[0] - 51.0 / 101) < 1e-9 && stats[4] == -1 && stats[8] == 0.5)
            let classes = try #require(found["perClass"] as? [[String: Any]])
            #expect(classes.map { $0["class"] as? String } == ["dot", "cell"])
            #expect(classes[0]["AP"] as? Double == -1 && classes[1]["AP"] as? Double == stats[0])
            let text = try place.run("evaluate --predictions found.json --annotations instances.json").output
            #expect(text.contains("Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.505"))
            #expect(text.contains("area= large | maxDets=100 ] = -  (no objects of this size)"))
        }

        @Test func masksAreMeasuredWhereTheyAreAskedFor() throws {
            try place.write(
                "masks.json",
                #"""
                [{"image_id": 5, "category_id": 90, "score": 0.9,
                  "segmentation": {"size": [40, 60], "counts": [82, 20, 20, 20, 20, 20, 2218]}}]
                """#)
            let found = try json("--predictions masks.json --masks")
            // Three columns of twenty: 0.15 of the object.
            #expect((found["stats"] as? [Double])?.first == 0)
            try place.fail(
                "evaluate --predictions found.json --annotations instances.json --masks",
                "found.json: detection 1 has no segmentation")
        }

        @Test func filesThatDoNotBelongToEachOtherAreNamed() throws {
            try place.write(
                "other.json", #"[{"image_id": 6, "category_id": 90, "score": 0.9, "bbox": [2, 2, 20, 20]}]"#)
            try place.fail(
                "evaluate --predictions other.json --annotations instances.json",
                "other.json: detection 1 is of the image 6, which is not in instances.json")
            try place.write("none.json", "[]")
            let outcome = try place.run("evaluate --predictions none.json --annotations instances.json")
            #expect(outcome.code == 0 && outcome.errors.contains("there are no detections"))
            try place.fail("evaluate --annotations instances.json", "expected --predictions <file.json>")
            try place.fail("evaluate run --reference", "with --annotations")
        }
    }
}
