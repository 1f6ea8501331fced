import Datasets
import Foundation
import Tensors

// Files of objects in boxes: COCO, YOLO text, Pascal VOC, and run lengths by themselves.
extension FuzzTarget {
    /// Images of 9 x 7 pixels.
    private static func makeImages(_ folder: String, _ names: [String]) throws {
        try makeFolder(folder)
        let image = try Image(width: 9, height: 7, channels: 1, pixels: (0..<63).map { UInt8($0) }).encodedAsPNG()
        for name in names { try write(image, "\(folder)/\(name)") }
    }

    /// Reads all that a data set says of its images, and moves it.
    private static func readObjects(_ path: String) throws {
        var options = DetectionDataOptions(path: path)
        options.needsMasks = true
        let part = try DetectionData.openPart(options, .all)
        let motion = Motion.crop(Pair(7, 9), x: 2, y: 1, to: Pair(5, 8))
        for index in 0..<min(8, part.dataset.count) {
            var objects = try part.dataset.annotation(index).original
            for item in objects.items { _ = item.covered(in: objects.size) }
            objects.tightensBoxes = true
            if objects.size == motion.source { _ = objects.moved(by: motion) }
        }
        _ = try ObjectScan(part.dataset)
    }

    private static let cocoSeeds = [
        """
        {"images": [{"id": 1, "file_name": "0.png", "width": 9, "height": 7}, {"id": 5, "file_name": "1.png"}],
        "annotations": [{"id": 0, "image_id": 1, "category_id": 2, "bbox": [1, 1.5, 3e0, 2], "area": 6, "iscrowd": 0,
        "segmentation": [[1, 1, 4, 1, 4, 3.5], [0, 0, 1, 1]]}, {"id": 7, "image_id": 5, "category_id": 1,
        "bbox": [0, 0, 2, 7], "iscrowd": 1, "segmentation": {"size": [7, 9], "counts": [0, 14, 49]}}, {"id": 8, "image_id": 1,
        "category_id": 1, "bbox": [0, 0, 9, 7], "ignore": 1, "segmentation": {"counts": "0>a1", "size": [7, 9]}}],
        "categories": [{"id": 2, "name": "dog"}, {"id": 1, "name": "c\\u00e4t", "supercategory": "x"}]}
        """,
        """
        {"info": {"a": [null, true, false]}, "categories": [{"id": 1, "name": "cell"}], "annotations": [], "images":
        [{"id": 3, "file_name": "0.png", "width": 7, "height": 9}]}
        """,
    ]

    static func coco(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/coco"
        try makeImages(path + "/images", ["0.png", "1.png"])
        try makeFolder(path + "/annotations")
        let mutator = Mutator(seeds: cocoSeeds.map { Array($0.utf8) }, structures: [.json])
        return FuzzTarget(name: "coco", mutator: mutator) { input in
            let list = path + "/annotations/all.json"
            try write(input, list)
            if let file = try? CocoAnnotations(list) {
                for index in 0..<min(8, file.count) { _ = try? file.annotation(index) }
            }
            try readObjects(path)
        }
    }

    static func yolo(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/yolo"
        try makeImages(path + "/images", ["0.png"])
        try makeFolder(path + "/labels")
        try write(Array("cat\ndog\n".utf8), path + "/classes.txt")
        let seeds = ["0 0.5 0.5 0.25 0.5\n1 0 0 0.5 0 0.5 1 0 1\n", "1\t1e-1 .5 5E-1 0.5\r\n\r\n0 0 0 1 1"]
        return FuzzTarget(name: "yolo", mutator: Mutator(seeds: seeds.map { Array($0.utf8) })) { input in
            try write(input, path + "/labels/0.txt")
            try readObjects(path)
        }
    }

    static func voc(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/voc"
        try makeImages(path + "/JPEGImages", ["0.png"])
        try makeFolder(path + "/Annotations")
        let seeds = [
            """
            <?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY a "b">]><annotation verified="yes"><filename>0.png</filename>
            <size><width>9</width><height>7</height><depth>3</depth></size><object><name>d&amp;g &#x63;</name>
            <difficult>1</difficult><bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>9</xmax><ymax>7</ymax></bndbox></object>
            <!-- a comment --><object><name><![CDATA[cat]]></name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>4</xmax>
            <ymax>4</ymax></bndbox><pose/></object></annotation>
            """
        ]
        return FuzzTarget(name: "voc", mutator: Mutator(seeds: seeds.map { Array($0.utf8) })) { input in
            try write(input, path + "/Annotations/0.xml")
            try readObjects(path)
        }
    }

    /// Compressed run lengths of 7 x 9 pixels.
    static var runs: FuzzTarget {
        let counts: [[UInt32]] = [[3, 4, 3, 4, 3, 4, 42], [0, 63], [63], [10, 1, 20, 30, 2]]
        let masks = counts.compactMap { try? RunLengthMask(size: Pair(7, 9), counts: $0) }
        let seeds = masks.map { Array($0.compressed.utf8) }
        return FuzzTarget(name: "runs", mutator: Mutator(seeds: seeds)) { input in
            let mask = try RunLengthMask(size: Pair(7, 9), compressed: String(decoding: input, as: UTF8.self))
            guard mask.bitmap.count == 63,
                try RunLengthMask(size: mask.size, compressed: mask.compressed).area == mask.area
            else { throw UnusableInput() }
        }
    }
}
