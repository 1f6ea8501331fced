import Datasets
import JSON
import Tensors

/// Objects of data as a file of COCO's instances, which other programs read.
package struct CocoExport {
    /// The name of each class, and its id in the file.
    private let categories: [(name: String, identifier: Int64)]
    private var images: [JSONValue] = []
    private var annotations: [JSONValue] = []

    /// - Parameters:
    ///   - names: of the classes.
    ///   - identifiers: their ids; nil numbers them from 1.
    package init(names: [String], identifiers: [Int64]? = nil) {
        categories = names.enumerated().map { index, name in
            (name, identifiers.flatMap { index < $0.count ? $0[index] : nil } ?? Int64(index + 1))
        }
    }

    /// Adds an image with its objects, in its own pixels.
    /// - Parameters:
    ///   - file: the name of its file.
    ///   - identifier: its id; nil numbers images from 1.
    package mutating func add(_ file: String, identifier: Int64? = nil, _ objects: Instances) {
        let identifier = identifier ?? Int64(images.count + 1)
        images.append([
            "id": .integer(Int(identifier)), "file_name": .string(file), "width": .integer(objects.size.width),
            "height": .integer(objects.size.height),
        ])
        for item in objects.items where categories.indices.contains(item.classIndex) {
            let box = item.box
            annotations.append([
                "id": .integer(annotations.count + 1), "image_id": .integer(Int(identifier)),
                "category_id": .integer(Int(categories[item.classIndex].identifier)),
                "bbox": .array([box.left, box.top, box.width, box.height].map { .number($0) }),
                "area": .number(item.area), "iscrowd": .integer(item.isCrowd ? 1 : 0),
                "segmentation": segmentation(item, objects.size),
            ])
        }
    }

    /// The mask as run lengths down the columns, or the outlines; an empty list where there is neither.
    private func segmentation(_ item: Instance, _ size: Pair) -> JSONValue {
        if let runs = item.runs {
            return [
                "size": [.integer(size.height), .integer(size.width)],
                "counts": .array(runs.counts.map { .integer(Int($0)) }),
            ]
        }
        guard let mask = item.mask else {
            return .array(item.polygons.map { .array($0.corners.flatMap { [.number($0.x), .number($0.y)] }) })
        }
        var runs: [JSONValue] = []
        var (length, isCovered) = (0, false)
        for x in 0..<size.width {
            for y in 0..<size.height {
                let label = mask.labels[y * size.width + x]
                if (label != 0 && label != mask.ignored) != isCovered {
                    runs.append(.integer(length))
                    (length, isCovered) = (0, !isCovered)
                }
                length += 1
            }
        }
        runs.append(.integer(length))
        return ["size": [.integer(size.height), .integer(size.width)], "counts": .array(runs)]
    }

    /// The whole file.
    package var json: JSONValue {
        [
            "images": .array(images), "annotations": .array(annotations),
            "categories": .array(
                categories.map { ["id": .integer(Int($0.identifier)), "name": .string($0.name)] }),
        ]
    }
}
