import Datasets
import Foundation
import Tensors
import Testing

/// What is read from COCO files.
struct CocoTests {
    @Test func objectsAreReadAsTheyAreWritten() throws {
        try withTemporaryFolder { root in
            let polygons = #", "segmentation": [[1, 2, 11, 2, 11, 8.5, 1, 8.5], [20, 20, 30, 20, 30, 30]], "area": 65"#
            let runs = #", "iscrowd": 1, "segmentation": {"counts": [0, 40, 2360], "size": [40, 60]}, "area": 40"#
            // The same as [2, 40, 2358].
            let text = try RunLengthMask(size: Pair(40, 60), counts: [2, 40, 2358]).compressed
            let short = #", "segmentation": {"size": [40, 60], "counts": "\#(text.replacing("\\", with: "\\\\"))"}"#
            try ObjectFiles.make(
                root,
                annotations: [
                    ObjectFiles.object(7, image: 20, category: 90, box: [1, 2, 10, 6.5], more: polygons),
                    ObjectFiles.object(
                        0, category: 7, box: [0.5, 0, 1e1, 2.5E+1], more: #", "area": 3.5, "ignore": 1"#),
                    ObjectFiles.object(-3, image: 20, box: [0, 0, 1, 40], more: runs),
                    ObjectFiles.object(8, image: 20, box: [0, 0, 2, 40], more: short),
                ])
            let part = try openObjects(root) { $0.needsMasks = true }
            #expect(part.dataset.classNames == ["person", "cat", "dog"])
            #expect(DetectionCategories(of: part.dataset).identifiers == [1, 7, 90])
            let (first, second) = (try part.dataset.annotation(0), try part.dataset.annotation(1))
            #expect(first.identifier == 10 && second.identifier == 20 && first.motion == nil)
            let only = try #require(first.original.items.first)
            #expect(first.original.items.count == 1 && first.original.size == Pair(40, 60))
            #expect(only.box == Box(left: 0.5, top: 0, right: 10.5, bottom: 25))
            #expect(only.identifier == 0 && only.isIgnored && only.classIndex == 1 && only.area == 3.5)
            let items = second.original.items
            #expect(items.map(\.identifier) == [7, -3, 8] && items.map(\.isCrowd) == [false, true, false])
            #expect(items[0].polygons.map(\.corners.count) == [4, 3])
            #expect(items[0].polygons[0].corners[2] == Point(11, 8.5))
            #expect(items[1].runs?.counts == [0, 40, 2360])
            // Without an area it is that of the mask.
            #expect(items[2].runs?.counts == [2, 40, 2358] && items[2].area == 40)
            #expect(part.notices.contains { $0.contains("without an area") && $0.contains("annotation 8") })
            #expect(part.notices.contains { $0.contains("7 (cat) is 1") })
            // Where masks are not asked for, none are read.
            #expect(try openObjects(root).dataset.annotation(1).original.items.allSatisfy { !$0.hasMask })
            let file = try CocoAnnotations("\(root)/annotations/all.json")
            #expect(file.count == 2 && file.name(1) == "b.png" && file.categories.identifiers == [1, 7, 90])
            #expect(try file.annotation(1).original == second.original)
        }
    }

    /// The sentence about a file with these annotations.
    private func problem(
        _ annotations: [String], categories: String = ObjectFiles.categories, images: [String] = ["a.png", "b.png"]
    ) throws -> String {
        try withTemporaryFolder { root in
            try ObjectFiles.make(root, annotations: annotations, categories: categories, images: images)
            return message { _ = try openObjects(root) }
        }
    }

    @Test func faultsAreNamedWithTheirAnnotation() throws {
        typealias Files = ObjectFiles
        let twice = try problem([Files.object(5), Files.object(6), Files.object(5, image: 20)])
        #expect(twice.contains("annotation 5") && twice.contains("a.png") && twice.contains("b.png"))
        #expect(try problem([Files.object(1, image: 30)]).contains("annotation 1 is of image 30"))
        #expect(try problem([Files.object(1, category: 2)]).contains("1 (person), 7 (cat), 90 (dog)"))
        #expect(try problem([Files.object(1, box: [1, 2, 3])]).contains("annotation 1 has no bbox of four numbers"))
        let small = try problem([Files.object(1, box: [0.1, 0.2, 0.3, 0.4]), Files.object(2, box: [0, 0, 1, 1])])
        #expect(small.contains("between 0 and 1") && small.contains("expected pixels"))
        func segmentation(_ text: String) throws -> String {
            try problem([Files.object(9, more: #", "area": 1, "segmentation": \#(text)"#)])
        }
        #expect(try segmentation("[1, 2, 3, 4, 5, 6]").contains("annotation 9 has a segmentation of bare numbers"))
        #expect(try segmentation(#"{"counts": [1, 2], "size": [40, 60]}"#).contains("cover 3 pixels"))
        #expect(try segmentation(#"{"counts": "~", "size": [40, 60]}"#).contains("damaged"))
        #expect(try segmentation(#"{"counts": [2400]}"#).contains("without a size"))
        #expect(try segmentation(#"{"counts": [2400], "size": [60, 40]}"#).contains("run lengths of 60x40"))
        let same = #"[{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}]"#
        #expect(
            try problem([Files.object(1), Files.object(2, category: 2)], categories: same).contains("both named cat"))
        #expect(try problem([#"{"image_id": 10, "category_id": 1, "bbox": [1, 2, 3, 4]}"#]).contains("has no id"))
    }

    @Test func damagedFilesGiveOneSentence() throws {
        try withTemporaryFolder { root in
            let path = "\(root)/all.json"
            func problem(_ text: String) throws -> String {
                try write(Array(text.utf8), to: path)
                return message { _ = try CocoAnnotations(path) }
            }
            #expect(try problem("").contains("no valid JSON"))
            #expect(try problem("[1]").contains("this is a list, as results are"))
            #expect(try problem(#"{"images": []}"#).contains("no list annotations"))
            #expect(try problem(#"{"images": 3}"#).contains("images is no list"))
            #expect(try problem(#"{"images": [3]}"#).contains("no object (at byte"))
            #expect(try problem(#"{"images": [{"id": 1.5, "file_name": "a"}]}"#).contains("image a has no id"))
            #expect(try problem(#"{"info": \#(String(repeating: "[", count: 100_000))"#).contains("nesting deeper"))
            let images = #"[{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}]"#
            let twice = try problem(#"{"images": \#(images), "annotations": [], "categories": []}"#)
            #expect(twice.contains("1 image id is there more than once: 1 (image 1 is a, b)"))
        }
    }

    @Test func numbersAreTheNearestOnes() throws {
        try withTemporaryFolder { root in
            let texts = [
                "0.1", "0.3", "123456.789e-3", "2.2250738585072014e-300", "1234567890123456.75", "7E2", "-0.0", "1e-30",
            ]
            let path = "\(root)/all.json"
            let annotations = texts.enumerated().map { index, text in
                #"{"id": \#(index), "image_id": 10, "category_id": 1, "bbox": [0, 0, 5, 5], "area": \#(text)}"#
            }
            try write(ObjectFiles.coco(annotations: annotations), to: path)
            let items = try CocoAnnotations(path).annotation(0).original.items
            #expect(items.map(\.area) == texts.map { Double($0) })
        }
    }

    @Test func badBoxesStayInWhatIsMeasuredAndLeaveTraining() throws {
        try withTemporaryFolder { root in
            let objects = [
                ObjectFiles.object(1), ObjectFiles.object(2, box: [5, 5, 0, 4]),
                ObjectFiles.object(3, box: [5, 5, 0.5, 4]),
                ObjectFiles.object(4, box: [70, 5, 5, 5]), ObjectFiles.object(5, more: #", "area": 1, "ignore": 1"#),
                ObjectFiles.object(6, more: #", "area": 1, "iscrowd": 1"#),
            ]
            try ObjectFiles.make(
                root,
                annotations: objects
                    + [ObjectFiles.object(9, box: [1, 1, .nan, 2])].map { $0.replacing("nan", with: "NaN") })
            var stored = objectOptions(root)
            let measured = try DetectionData.openPart(stored, .all)
            #expect(try measured.dataset.annotation(0).original.items.map(\.identifier) == [1, 2, 3, 4, 5, 6])
            #expect(measured.notices.contains { $0.contains("annotation 2 has a box without") })
            #expect(measured.notices.contains { $0.contains("annotation 9 left out") })
            // Two images: one is held out for the test.
            stored.folds = 2
            stored.fold = 2
            let names = try DetectionData.folds(stored)
            stored.fold = names[0] == ["images/b.png"] ? 1 : 2
            let splits = try DetectionData.open(stored)
            #expect(try splits.train.annotation(0).original.items.map(\.identifier) == [1, 6])
            let notice = try #require(splits.notices.first { $0.contains("of the training objects") })
            #expect(
                notice.contains("1 without a width") && notice.contains("1 less than a pixel")
                    && notice.contains("1 beside"))
            let scan = try ObjectScan(measured.dataset)
            #expect(scan.degenerate.map(\.identifier) == [2, 4] && scan.degenerate[0].image.hasSuffix("a.png"))
            #expect(scan.objectCount == 5 && scan.classes[0].crowds == 1 && scan.emptyImages == 1)
        }
    }

    @Test func imagesWithoutObjectsAreKeptUnlessTheyAreNotWanted() throws {
        try withTemporaryFolder { root in
            let names = (0..<10).map { "\($0).png" }
            try ObjectFiles.make(
                root, annotations: [ObjectFiles.object(1), ObjectFiles.object(2, image: 20)], images: names)
            try write(
                ObjectFiles.coco(["x.png"], annotations: [ObjectFiles.object(1)]), to: "\(root)/annotations/test.json")
            try FileManager.default.moveItem(
                atPath: "\(root)/annotations/all.json", toPath: "\(root)/annotations/train.json")
            try ObjectFiles.images(["x.png"], in: "\(root)/images")
            let all = try DetectionData.open(objectOptions(root))
            #expect(all.train.count == 10 && all.test?.count == 1)
            #expect(all.notices.contains { $0.contains("8 training images without an object, kept") })
            let few = try DetectionData.open(objectOptions(root) { $0.training.keepsEmpty = false })
            #expect(
                few.train.count == 2
                    && few.notices.contains { $0.contains("8 training images without an object left out") })
        }
    }

    @Test func shortPolygonsAndCrowdsAreTold() throws {
        try withTemporaryFolder { root in
            try ObjectFiles.make(
                root,
                annotations: [
                    ObjectFiles.object(1, more: #", "area": 1, "segmentation": [[1, 2, 3, 4]], "iscrowd": 1"#),
                    ObjectFiles.object(2, more: #", "area": 1, "segmentation": [[1, 2, 3, 4], [1, 2, 9, 2, 9, 9]]"#),
                    ObjectFiles.object(3, more: #", "area": 1, "iscrowd": 1"#),
                ])
            let part = try openObjects(root) { $0.needsMasks = true }
            let items = try part.dataset.annotation(0).original.items
            #expect(items.map(\.hasMask) == [false, true, false] && items[1].polygons.count == 1)
            #expect(part.notices.contains { $0.contains("annotations 1, 2 with polygons of fewer") })
            #expect(part.notices.contains { $0.contains("2 of 3 objects of person are crowds") })
        }
    }
}
