import Datasets
import JSON
import Reporting

// What the objects of a part are like, for people who look at their data before they train on it.
extension DataDetails {
    /// A row for each class: its id, objects, images and sizes; then all of them, and what nothing can be learnt from.
    /// - Parameter categories: the ids of the classes.
    public init(_ scan: ObjectScan, _ categories: DetectionCategories) {
        func row(_ identifier: String, _ name: String, _ values: [Int]) -> [String] {
            [identifier, name] + values.map { NumberText.grouped($0) }
        }
        func values(_ entry: ObjectScan.ClassCount) -> [Int] {
            [entry.objects, entry.images] + entry.sizes + [entry.masks, entry.crowds]
        }
        var rows = scan.classes.enumerated().map { index, entry in
            row("\(categories.identifiers[index])", entry.name, values(entry))
        }
        let total = [scan.objectCount, scan.imageCount - scan.emptyImages] + scan.sizes
        rows.append(
            row(
                "", "all",
                total + [scan.classes.reduce(0) { $0 + $1.masks }, scan.classes.reduce(0) { $0 + $1.crowds }]))
        rows.append(["", "images without objects", "", NumberText.grouped(scan.emptyImages), "", "", "", "", ""])
        if let (least, most, mean) = scan.perImage {
            rows.append(
                ["", "objects per image: \(least) to \(most), mean \(NumberText.fixed(mean, decimals: 1))"]
                    + [String](repeating: "", count: 7))
        }
        for entry in scan.degenerate {
            rows.append(
                [entry.identifier.map(String.init) ?? "", "no area or beside \(entry.image)"]
                    + [String](repeating: "", count: 7))
        }
        if scan.degenerateCount > scan.degenerate.count {
            rows.append(
                ["", "\(scan.degenerateCount - scan.degenerate.count) more such boxes"]
                    + [String](repeating: "", count: 7))
        }
        self.init(
            columns: ["id", "class", "objects", "images", "small", "medium", "large", "masks", "crowds"],
            numbers: [0, 2, 3, 4, 5, 6, 7, 8], rows: rows, json: scan.json(categories))
    }
}

extension ObjectScan {
    /// The least, the largest and the mean number of objects of an image; nil where there are no images.
    var perImage: (least: Int, most: Int, mean: Double)? {
        guard let least = objectsPerImage.keys.min(), let most = objectsPerImage.keys.max() else { return nil }
        return (least, most, Double(objectCount) / Double(max(1, imageCount)))
    }

    fileprivate func json(_ categories: DetectionCategories) -> JSONValue {
        [
            "images": .integer(imageCount), "emptyImages": .integer(emptyImages), "objects": .integer(objectCount),
            "classes": .array(
                classes.enumerated().map { index, entry in
                    [
                        "id": .integer(Int(categories.identifiers[index])), "class": .string(entry.name),
                        "objects": .integer(entry.objects), "images": .integer(entry.images),
                        "small": .integer(entry.sizes[0]), "medium": .integer(entry.sizes[1]),
                        "large": .integer(entry.sizes[2]), "masks": .integer(entry.masks),
                        "crowds": .integer(entry.crowds), "ignored": .integer(entry.ignored),
                    ]
                }),
            "objectsPerImage": .array(
                objectsPerImage.sorted { $0.key < $1.key }.map { count, images in
                    ["objects": .integer(count), "images": .integer(images)]
                }),
            "positions": .array(
                (0..<ObjectScan.fields).map { row in
                    .array((0..<ObjectScan.fields).map { .integer(positions[row * ObjectScan.fields + $0]) })
                }),
            "degenerate": .array(
                degenerate.map { entry in
                    [
                        "image": .string(entry.image),
                        "annotation": entry.identifier.map { .integer(Int($0)) } ?? .null,
                        "box": .array(
                            [entry.box.left, entry.box.top, entry.box.right, entry.box.bottom].map { .number($0) }),
                    ]
                }), "degenerateCount": .integer(degenerateCount),
        ]
    }
}
