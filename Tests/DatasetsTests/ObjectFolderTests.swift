import Datasets
import Foundation
import Tensors
import Testing

/// What is recognized as data with objects, and how its parts fit together.
struct ObjectFolderTests {
    private func text(_ text: String, _ path: String) throws { try write(Array(text.utf8), to: path) }

    @Test func yoloBoxesAndOutlinesArePartsOfTheSides() throws {
        try withTemporaryFolder { root in
            try ObjectFiles.images(["0.png", "1.png", "2.png"], in: "\(root)/train/images")
            try ObjectFiles.images(["0.png"], in: "\(root)/valid/images")
            try text("1 0.5 0.5 0.25 0.5\r\n\n0 0 0 0.5 0 0.5 1 0 1\n", "\(root)/train/labels/0.txt")
            try text("", "\(root)/train/labels/1.txt")
            try text("0 0.5 0.5 0 0.1\n", "\(root)/valid/labels/0.txt")
            try text(
                "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 2\nnames: ['cat', 'dog']\n",
                "\(root)/data.yaml")
            let splits = try DetectionData.open(
                objectOptions(root) {
                    $0.validation = .automatic
                    $0.needsMasks = true
                })
            #expect(splits.format == "YOLO text" && splits.classNames == ["cat", "dog"])
            #expect(splits.train.count == 3 && splits.validation?.count == 1 && splits.test == nil)
            let items = try splits.train.annotation(0).original.items
            #expect(items[0].box == Box(left: 22.5, top: 10, right: 37.5, bottom: 30) && items[0].classIndex == 1)
            #expect(items[1].box == Box(left: 0, top: 0, right: 30, bottom: 40) && items[1].area == 1200)
            #expect(items[1].polygons[0].corners.count == 4)
            #expect(try splits.train.annotation(1).original.items.isEmpty)
            #expect(splits.notices.contains { $0.contains("1 image without a text file") })
            #expect(splits.notices.contains { $0.contains("labels/0.txt:1") && $0.contains("without a width") })
            #expect(DetectionCategories(of: splits.train).identifiers == [0, 1])
            func problem(_ line: String) throws -> String {
                try text(line, "\(root)/train/labels/2.txt")
                return message { _ = try DetectionData.open(objectOptions(root)) }
            }
            #expect(
                try problem("2 0 0 1 1").contains("labels/2.txt:1: class 2 is none of the 2 classes, expected 0 to 1"))
            #expect(try problem("0 12 9 30 40").contains("12.0 is no part of the image's sides"))
            #expect(try problem("0 0 0 1 1 0.9").contains("has 5 numbers"))
            #expect(try problem("cat 0 0 1 1").contains("begins with cat"))
            #expect(try problem("0 0 0 x 1").contains("x is no number"))
        }
    }

    @Test func yoloFoldersAreFoundByTheirNames() throws {
        try withTemporaryFolder { root in
            for part in ["train", "val"] {
                try ObjectFiles.images(["0.png", "1.png"], in: "\(root)/images/\(part)")
                try text("0 0.5 0.5 0.5 0.5\n", "\(root)/labels/\(part)/0.txt")
            }
            #expect(message { _ = try DetectionData.open(objectOptions(root)) }.contains("nothing says which classes"))
            try text("cell\nnucleus\n", "\(root)/classes.txt")
            let splits = try DetectionData.open(objectOptions(root) { $0.validation = .automatic })
            #expect(
                splits.train.count == 2 && splits.validation?.count == 2 && splits.classNames == ["cell", "nucleus"])
        }
    }

    private func xml(_ objects: String, size: String = "<size><width>60</width><height>40</height></size>") -> String {
        """
        <?xml version="1.0"?><!-- made by hand -->
        <annotation verified='yes'><folder>x</folder><filename>a.png</filename>\(size)\(objects)</annotation>
        """
    }

    private func object(_ name: String, _ box: [String], _ more: String = "") -> String {
        """
        <object><name>\(name)</name>\(more)<bndbox><xmin>\(box[0])</xmin><ymin>\(box[1])</ymin><xmax>\(box[2])</xmax>
        <ymax>\(box[3])</ymax></bndbox></object>
        """
    }

    @Test func vocCornersAreCountedFromOneUnlessOneIsZero() throws {
        try withTemporaryFolder { root in
            try ObjectFiles.images(["a.png", "b.png"], in: "\(root)/JPEGImages")
            let list = "\(root)/Annotations/a.xml"
            let two =
                object("d&amp;g", ["1", "2", "11", "22"])
                + object("cat", ["5.5", "1", "60", "40"], "<difficult>1</difficult>")
            try text(xml(two), list)
            try text(xml("", size: ""), "\(root)/Annotations/b.xml")
            func items(_ change: (inout DetectionDataOptions) -> Void = { _ in }) throws -> [Instance] {
                try openObjects(root, change).dataset.annotation(0).original.items
            }
            let first = try items()
            #expect(try openObjects(root).dataset.classNames == ["cat", "d&g"])
            #expect(first[0].box == Box(left: 0, top: 1, right: 10, bottom: 21) && first[0].classIndex == 1)
            #expect(first[1].box == Box(left: 4.5, top: 0, right: 59, bottom: 39) && first[1].isIgnored)
            #expect(try items { $0.files.oneBased = .no }[0].box.left == 1)
            // A corner of 0 cannot be counted from 1 on.
            try text(xml(two + object("cat", ["0", "3", "4", "5"])), list)
            #expect(try items()[0].box == Box(left: 1, top: 2, right: 11, bottom: 22))
            #expect(try openObjects(root).notices.contains { $0.contains("counted from 0 on") })
            // Where it is said that they are, it becomes the edge and not -1.
            #expect(try items { $0.files.oneBased = .yes }[2].box == Box(left: 0, top: 2, right: 3, bottom: 4))
            func problem(_ text: String) throws -> String {
                try self.text(text, list)
                return message { _ = try openObjects(root) }
            }
            #expect(
                try problem(xml(object("cat", ["a", "1", "2", "3"]))).contains("object 1 (cat) has no number xmin"))
            #expect(try problem(xml("<object></object>")).contains("object 1 has no name"))
            #expect(try problem("<annotation><a></b></annotation>").contains("a.xml:1: this is no valid XML (</b>"))
            #expect(try problem("<annotation>").contains("has no end"))
            #expect(try problem("<html/>").contains("expected <annotation>"))
        }
    }

    @Test func vocPartsComeFromTheirLists() throws {
        try withTemporaryFolder { outer in
            // As an archive unpacks.
            let root = "\(outer)/VOCdevkit/VOC2007"
            try ObjectFiles.images(["a.png", "b.png", "c.png"], in: "\(root)/JPEGImages")
            for name in ["a", "b", "c"] {
                try text(xml(object("x", ["1", "1", "9", "9"])), "\(root)/Annotations/\(name).xml")
            }
            try text("a\n", "\(root)/ImageSets/Main/train.txt")
            try text("b\n", "\(root)/ImageSets/Main/val.txt")
            try text("c 1\n", "\(root)/ImageSets/Main/test.txt")
            let splits = try DetectionData.open(objectOptions(outer) { $0.validation = .automatic })
            let parts = [splits.train, try #require(splits.validation), try #require(splits.test)]
            #expect(parts.map { $0.name(0).suffix(5) } == ["a.png", "b.png", "c.png"])
        }
    }

    @Test func cocoPartsAreFoundInAnyOfTheirPlaces() throws {
        let file = ObjectFiles.coco(annotations: [ObjectFiles.object(1), ObjectFiles.object(2, image: 20)])
        func parts(_ lists: [String], _ images: [String], _ change: (inout DetectionDataOptions) -> Void = { _ in })
            throws -> [Int?]
        {
            try withTemporaryFolder { root in
                for list in lists { try write(file, to: "\(root)/\(list)") }
                for folder in images { try ObjectFiles.images(["a.png", "b.png"], in: "\(root)/\(folder)") }
                let splits = try DetectionData.open(
                    objectOptions(root) {
                        $0.validation = .automatic
                        change(&$0)
                    })
                return [splits.train.count, splits.validation?.count, splits.test?.count]
            }
        }
        let coco = [
            "annotations/instances_train2017.json", "annotations/instances_val2017.json",
            "annotations/captions_val2017.json",
        ]
        #expect(try parts(coco, ["train2017", "val2017"]) == [2, 2, nil])
        #expect(try parts(coco, ["images/train2017", "images/val2017"]) == [2, 2, nil])
        #expect(try parts(coco, ["images"]) == [2, 2, nil])
        let roboflow = ["train", "valid", "test"]
        #expect(try parts(roboflow.map { "\($0)/_annotations.coco.json" }, roboflow) == [2, 2, 2])
        let named = try parts(["x/one.json", "x/two.json"], ["pictures"]) {
            $0.files.train = "x/one.json"
            $0.files.test = "x/two.json"
            $0.files.images = "pictures"
            $0.validation = .nowhere
        }
        #expect(named == [2, nil, 2])
        let text = message { _ = try parts(["annotations/one.json", "annotations/two.json"], ["images"]) }
        #expect(text.contains("none is named after a part") && text.contains("data.trainAnnotations"))
    }

    @Test func aFileByItselfFindsItsImages() throws {
        try withTemporaryFolder { root in
            let file = "\(root)/annotations/instances_val.json"
            try write(ObjectFiles.coco(annotations: [ObjectFiles.object(1)]), to: file)
            try ObjectFiles.images(["a.png", "b.png"], in: "\(root)/images/val")
            try ObjectFiles.images(["a.png", "b.png"], in: "\(root)/images/train", Pair(9, 9))
            #expect(try openObjects(file).dataset.name(0) == "\(root)/images/val/a.png")
        }
    }

    @Test func classesAreMatchedByName() throws {
        try withTemporaryFolder { root in
            try ObjectFiles.images(["a.png", "b.png"], in: "\(root)/images")
            let train = [
                ObjectFiles.object(1), ObjectFiles.object(2, category: 90), ObjectFiles.object(3, category: 7),
            ]
            try write(ObjectFiles.coco(annotations: train), to: "\(root)/annotations/instances_train.json")
            // Other ids, another order, and a class less.
            let other = #"[{"id": 3, "name": "person"}, {"id": 1, "name": "dog"}]"#
            let test = [ObjectFiles.object(1, category: 3), ObjectFiles.object(2, category: 1)]
            let path = "\(root)/annotations/instances_test.json"
            try write(ObjectFiles.coco(annotations: test, categories: other), to: path)
            let splits = try DetectionData.open(objectOptions(root))
            let part = try #require(splits.test)
            #expect(part.classNames == ["person", "cat", "dog"])
            #expect(try part.annotation(0).original.items.map(\.classIndex) == [0, 2])
            #expect(DetectionCategories(of: splits.train).identifiers == [1, 7, 90])
            // Some of the classes in an order of one's own.
            let few = try DetectionData.open(objectOptions(root) { $0.classNames = ["dog", "person"] })
            #expect(try few.train.annotation(0).original.items.map(\.classIndex) == [1, 0])
            #expect(DetectionCategories(of: few.train).identifiers == [90, 1])
            let text = message { _ = try DetectionData.open(objectOptions(root) { $0.classNames = ["d", "o", "g"] }) }
            #expect(text.contains("has d, which is no class of the data") && text.contains("each of one letter"))
            let unknown = other.replacing("dog", with: "cow")
            try write(ObjectFiles.coco(annotations: test, categories: unknown), to: path)
            #expect(message { _ = try DetectionData.open(objectOptions(root)) }.contains("of the class cow"))
        }
    }

    @Test func aClassThatStandsForTheProjectIsNone() throws {
        try withTemporaryFolder { root in
            let categories = """
                [{"id": 0, "name": "cells", "supercategory": "none"}, {"id": 1, "name": "RBC", "supercategory": "cells"}]
                """
            try ObjectFiles.make(root, annotations: [ObjectFiles.object(1)], categories: categories)
            #expect(try openObjects(root).dataset.classNames == ["RBC"])
        }
    }

    @Test func imagesMustBeThereAndAsLargeAsSaid() throws {
        try withTemporaryFolder { root in
            try ObjectFiles.make(root, annotations: [ObjectFiles.object(1)])
            try ObjectFiles.images(["b.png"], in: "\(root)/images", Pair(40, 50))
            let text = message { _ = try openObjects(root) }
            #expect(text.contains("b.png: the image has 40 x 50") && text.contains("all.json says 40 x 60"))
            try FileManager.default.removeItem(atPath: "\(root)/images/b.png")
            #expect(message { _ = try openObjects(root) }.contains("b.png: the image does not exist"))
            let part = try openObjects(root) { $0.onBroken = .skip }
            #expect(
                part.dataset.count == 1 && part.notices.contains { $0.contains("left out") && $0.contains("b.png") })
            try FileManager.default.removeItem(atPath: "\(root)/images/a.png")
            #expect(message { _ = try openObjects(root) }.contains("nor any other of 2"))
        }
    }

    @Test func objectsTurnWithTheirPicture() throws {
        try withTemporaryFolder { root in
            try ObjectFiles.make(root, annotations: [ObjectFiles.object(1, box: [0, 0, 10, 4])])
            // As it is stored it has 40 x 60 pixels, upright 60 x 40; objects were drawn before it was turned.
            try write(ObjectFiles.image(orientation: 6), to: "\(root)/images/a.png")
            let part = try openObjects(root)
            let (found, image) = (try part.dataset.annotation(0).original, try part.dataset.image(0))
            #expect(found.size == Pair(60, 40) && image.size == Pair(60, 40))
            // What was at the upper left is at the upper right after a quarter of a turn clockwise.
            #expect(found.items[0].box == Box(left: 36, top: 0, right: 40, bottom: 10))
            #expect(part.notices.contains { $0.contains("a quarter of a turn") && $0.contains("a.png") })
            #expect(image.pixels[39] == image.pixels[39] && image.channels == 1)
            // The first pixel of the file is 0; it lies at the upper right now.
            #expect(image.pixels[39] == 0)
            // Without an orientation in the file, two numbers were exchanged: boxes are as they are.
            try ObjectFiles.images(["a.png"], in: "\(root)/images", Pair(60, 40))
            let other = try openObjects(root)
            #expect(try other.dataset.annotation(0).original.items[0].box == Box(left: 0, top: 0, right: 10, bottom: 4))
            #expect(other.notices.contains { $0.contains("a quarter of a turn") })
        }
    }

    @Test func scenesHaveObjects() throws {
        let splits = try DetectionData.open(
            objectOptions(DetectionData.scenes) {
                $0.validation = .automatic
                $0.needsMasks = true
            })
        #expect(splits.train.count == 2000 && splits.validation?.count == 200 && splits.test?.count == 300)
        let test = try #require(splits.test)
        let objects = try test.annotation(7).original
        let scene = try DigitScenes(.test).instances.annotation(7)
        #expect(objects.items.map(\.box) == scene.items.map(\.box))
        #expect(objects.items.map { $0.runs?.mask.labels } == scene.items.map { $0.mask?.labels })
        #expect(try DetectionData.openPart(objectOptions(DetectionData.scenes)).dataset.count == 300)
    }
}
