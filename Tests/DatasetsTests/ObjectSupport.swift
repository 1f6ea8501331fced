import Datasets
import Foundation
import Tensors

/// Files of objects for images of a few pixels.
enum ObjectFiles {
    /// An image of 40 x 60 pixels (height x width).
    static func image(_ size: Pair = Pair(40, 60), orientation: Int? = nil) -> [UInt8] {
        MaskFiles.image(size, orientation: orientation)
    }

    static func images(_ names: [String], in folder: String, _ size: Pair = Pair(40, 60)) throws {
        for name in names { try write(image(size), to: "\(folder)/\(name)") }
    }

    /// A COCO file of images a.png, b.png, ... with ids 10, 20, ..., all of 40 x 60 pixels.
    static func coco(
        _ images: [String] = ["a.png", "b.png"], annotations: [String], categories: String = categories
    ) -> [UInt8] {
        let list = images.enumerated().map { index, name in
            #"{"id": \#(10 * (index + 1)), "file_name": "\#(name)", "width": 60, "height": 40}"#
        }
        return Array(
            """
            {"info": {"year": 2026, "list": [1, {"x": null}]}, "licenses": [],
             "images": [\(list.joined(separator: ","))],
             "annotations": [\(annotations.joined(separator: ",\n"))], "categories": \(categories)}
            """.utf8)
    }

    static let categories = #"[{"id": 90, "name": "dog"}, {"id": 1, "name": "person"}, {"id": 7, "name": "cat"}]"#

    /// An annotation; further members begin with a comma.
    static func object(
        _ id: Int, image: Int = 10, category: Int = 1, box: [Double] = [1, 2, 3, 4], more: String = #", "area": 12"#
    ) -> String {
        #"{"id": \#(id), "image_id": \#(image), "category_id": \#(category), "bbox": \#(box)\#(more)}"#
    }

    /// A folder with one COCO file that is not divided.
    static func make(
        _ root: String, annotations: [String], categories: String = categories, images: [String] = ["a.png", "b.png"]
    ) throws {
        try self.images(images, in: "\(root)/images")
        try write(coco(images, annotations: annotations, categories: categories), to: "\(root)/annotations/all.json")
    }
}

func objectOptions(
    _ path: String, _ change: (inout DetectionDataOptions) -> Void = { _ in }
) -> DetectionDataOptions {
    var options = DetectionDataOptions(path: path)
    options.validation = .nowhere
    change(&options)
    return options
}

/// All images of data that is not divided, as they are measured.
func openObjects(
    _ path: String, _ change: (inout DetectionDataOptions) -> Void = { _ in }
) throws -> DatasetPart<LocatedInstances> {
    try DetectionData.openPart(objectOptions(path, change), .all)
}
