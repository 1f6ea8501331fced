import JSON

/// An object of the truth, or of an answer, in an `InstancePicture`:
///
///     {box: [left, top, right, bottom], class, score, isRight, crowd, mask: {x, y, width, height, runs}}
///
/// In place of a mask there may be `outlines: [[x, y, x, y, ...], ...]`, of which the object is the union.
package struct InstanceObject: Sendable, Equatable {
    package var box: DrawnObject.Box
    /// An index into the classes' names.
    package var classIndex: Int
    /// How sure the detector is; nil for the truth.
    package var score: Double?
    /// Of the truth: whether it is found; of an answer: whether there is such an object. Nil where that is not known.
    package var isRight: Bool?
    /// Whether it is a group of objects that are not told apart, or an answer in one: it does not count.
    package var isCrowd: Bool
    /// The pixels of the picture that it covers.
    package var mask: DrawnMask?

    /// - Parameters:
    ///   - classIndex: an index into the classes' names.
    ///   - score: nil for the truth.
    ///   - isRight: whether it is found, or is an object.
    ///   - isCrowd: whether it does not count.
    ///   - mask: the pixels of the picture that it covers.
    package init(
        box: DrawnObject.Box, classIndex: Int, score: Double? = nil, isRight: Bool? = nil, isCrowd: Bool = false,
        mask: DrawnMask? = nil
    ) {
        (self.box, self.classIndex, self.score) = (box, classIndex, score)
        (self.isRight, self.isCrowd, self.mask) = (isRight, isCrowd, mask)
    }

    /// - Returns: nil without a box.
    init?(_ json: JSONValue, in picture: ObjectPicture) {
        let sides = (json["box"]?.arrayValue ?? []).compactMap(\.doubleValue)
        guard sides.count == 4, sides.allSatisfy(\.isFinite), let classIndex = json["class"]?.countValue else {
            return nil
        }
        let outlines = (json["outlines"]?.arrayValue ?? []).map { ($0.arrayValue ?? []).compactMap(\.doubleValue) }
        self.init(
            box: .init(left: sides[0], top: sides[1], right: sides[2], bottom: sides[3]), classIndex: classIndex,
            score: MaskClass.share(json["score"]), isRight: json["isRight"]?.boolValue,
            isCrowd: json["crowd"]?.boolValue ?? false,
            mask: json["mask"].flatMap { DrawnMask($0) }
                ?? DrawnMask(outlines: outlines, width: picture.width, height: picture.height))
    }

    var json: JSONValue {
        func number(_ value: Double) -> JSONValue { .rounded(value, decimals: 2) }
        return [
            "box": [number(box.left), number(box.top), number(box.right), number(box.bottom)],
            "class": .integer(classIndex), "score": score.map { .rounded($0, decimals: 4) } ?? .null,
            "isRight": isRight.map { .bool($0) } ?? .null, "crowd": .bool(isCrowd), "mask": mask?.json ?? .null,
        ]
    }

    /// In the color of its class, with its name and score.
    func drawn(_ classes: [String]) -> DrawnObject {
        DrawnObject(
            box: box, name: classes.indices.contains(classIndex) ? classes[classIndex] : "class \(classIndex)",
            detail: score.map { NumberText.fixed($0, decimals: 2) } ?? "", color: ObjectPalette.color(classIndex),
            mask: mask)
    }
}
