import JSON

extension CocoResults {
    /// A detection as it stands in a results file, in one line: its ids, its box as x, y, width and height, its score, and its
    /// pixels as compressed run lengths.
    ///
    /// COCO's own tools take the area of a box, where there is one, for that of the detection even when they compare masks: for
    /// them, write masks without boxes.
    public static func line(_ item: Item) -> String {
        var members: [JSONValue.Member] = [
            .init("image_id", .integer(Int(item.image))), .init("category_id", .integer(Int(item.category))),
        ]
        if let box = item.box {
            members.append(
                .init("bbox", .array([box.left, box.top, box.width, box.height].map { .number($0) })))
        }
        if let mask = item.mask {
            members.append(
                .init(
                    "segmentation",
                    [
                        "size": .array([.integer(mask.size.height), .integer(mask.size.width)]),
                        "counts": .string(mask.compressed),
                    ]))
        }
        members.append(.init("score", .number(item.score)))
        return JSONValue.object(members).text()
    }

    /// The text of a results file.
    public static func text(_ items: [Item]) -> String {
        items.isEmpty ? "[]\n" : "[\n" + items.map(line).joined(separator: ",\n") + "\n]\n"
    }
}
