import Datasets
import JSON
import Reporting

// What the objects of a part are like, for people who look at their data before they train on it.
extension DetectorConfiguration {
    /// Each class with its objects, their sizes, and the images that it is in.
    public func details(_ dataset: any AnnotatedDataset<LocatedInstances>) throws -> DataDetails? {
        let scan = try ObjectScan(dataset)
        var rows = scan.classes.map { own in
            [own.name] + ([own.objects] + own.sizes + [own.crowds, own.images]).map { NumberText.grouped($0) }
        }
        let perImage = scan.objectsPerImage
        func total(_ value: (ObjectScan.ClassCount) -> Int) -> Int { scan.classes.reduce(0) { $0 + value($1) } }
        let sums = (0..<3).map { size in total { $0.sizes[size] } }
        rows.append(
            ["all (\(NumberText.grouped(perImage[0] ?? 0)) images have none)"]
                + ([total(\.objects)] + sums + [total(\.crowds), scan.imageCount]).map { NumberText.grouped($0) })
        for box in scan.degenerate {
            let place = box.identifier.map { "annotation \($0)" } ?? "a box"
            rows.append(["\(box.image): \(place) has no area in the image", "", "", "", "", "", ""])
        }
        if scan.degenerateCount > scan.degenerate.count {
            rows.append(
                [
                    "and \(scan.degenerateCount - scan.degenerate.count) boxes more without an area", "", "", "", "",
                    "", "",
                ])
        }
        return DataDetails(
            columns: ["class", "objects", "small", "medium", "large", "crowds", "images"], numbers: [1, 2, 3, 4, 5, 6],
            rows: rows, json: json(scan))
    }

    private func json(_ scan: ObjectScan) -> JSONValue {
        [
            "classes": .array(
                scan.classes.map { own in
                    [
                        "class": .string(own.name), "objects": .integer(own.objects), "crowds": .integer(own.crowds),
                        "ignored": .integer(own.ignored), "images": .integer(own.images),
                        "masks": .integer(own.masks), "sizes": .array(own.sizes.map { .integer($0) }),
                    ]
                }),
            "images": .integer(scan.imageCount),
            "objectsPerImage": .object(
                scan.objectsPerImage.sorted { $0.key < $1.key }.map { .init("\($0.key)", .integer($0.value)) }),
            "positions": .array(scan.positions.map { .integer($0) }),
            "degenerate": .array(
                scan.degenerate.map { box in
                    [
                        "image": .string(box.image), "id": box.identifier.map { .integer(Int($0)) } ?? .null,
                        "box": .array(
                            [box.box.left, box.box.top, box.box.right, box.box.bottom].map { .number($0) }),
                    ]
                }),
            "degenerateCount": .integer(scan.degenerateCount),
        ]
    }
}
