import Foundation
import JSON

/// An image with its objects and with the answer, as files of `report/` hold it: `result.json` in `worst` and `best`,
/// `snapshot-*.json` in `images`. The page draws it.
///
///     {name, index, width, height, channels: 3, pixels (base 64, the image at that size), objects, found, missed, wrong,
///      truth: [object], answer: [object]}
package struct InstancePicture: Sendable, Equatable {
    package let name: String
    /// Its place in the data set, by which the same image is known in every snapshot.
    package let index: Int?
    /// How many objects are found, how many answers are wrong, and how many objects are missed.
    package let found: Int
    package let wrong: Int
    package let missed: Int
    /// The plain image, of at most about 320 pixels a side.
    package let image: ObjectPicture
    /// In pixels of `image`; answers by falling score.
    package let truth: [InstanceObject]
    package let answer: [InstanceObject]

    /// - Parameters:
    ///   - image: the plain image, as large as it is to be kept.
    ///   - truth: in its pixels.
    ///   - answer: in its pixels, by falling score.
    package init(
        name: String, index: Int?, image: ObjectPicture, truth: [InstanceObject], answer: [InstanceObject], found: Int,
        wrong: Int, missed: Int
    ) {
        (self.name, self.index, self.image) = (name, index, image)
        (self.truth, self.answer) = (truth, answer)
        (self.found, self.wrong, self.missed) = (found, wrong, missed)
    }

    /// - Returns: nil where the image is missing or does not fit its size.
    init?(_ json: JSONValue) {
        guard let sheet = PixelSheet(json), sheet.channels == 3,
            let image = ObjectPicture(sheet.pixels, width: sheet.width, height: sheet.height)
        else { return nil }
        func objects(_ key: String) -> [InstanceObject] {
            (json[key]?.arrayValue ?? []).prefix(300).compactMap { InstanceObject($0, in: image) }
        }
        func count(_ key: String) -> Int { json[key]?.countValue ?? 0 }
        self.init(
            name: json["name"]?.stringValue ?? "", index: json["index"]?.integerValue, image: image,
            truth: objects("truth"), answer: objects("answer"), found: count("found"), wrong: count("wrong"),
            missed: count("missed"))
    }

    /// Those of a list that are whole.
    static func all(_ json: JSONValue?) -> [InstancePicture] {
        (json?.arrayValue ?? []).prefix(24).compactMap { InstancePicture($0) }
    }

    /// As the files have it.
    package var json: JSONValue {
        [
            "name": .string(name), "index": index.map { .integer($0) } ?? .null, "objects": .integer(found + missed),
            "found": .integer(found), "missed": .integer(missed), "wrong": .integer(wrong),
            "width": .integer(image.width), "height": .integer(image.height), "channels": 3,
            "pixels": .string(Data(image.pixels).base64EncodedString()), "truth": .array(truth.map(\.json)),
            "answer": .array(answer.map(\.json)),
        ]
    }

    /// How it was answered, in words.
    var verdict: String { "\(found) found, \(wrong) wrong, \(missed) missed" }

    /// The image with the objects of the truth in the colors of their classes, those that were missed dashed.
    func truthPicture(_ classes: [String], showsMissed: Bool = true) -> PixelSheet {
        drawing(
            truth.map { object in
                var drawn = object.drawn(classes)
                if object.isCrowd { return drawn.judged(.ignored) }
                if object.isRight == false, showsMissed { drawn.style = .dashed }
                return drawn
            })
    }

    /// The image with the answers, green where they are right and red where they are wrong, and the missed objects dashed.
    func answerPicture(_ classes: [String]) -> PixelSheet {
        let missed = truth.filter { $0.isRight == false && !$0.isCrowd }.map { object -> DrawnObject in
            var drawn = object.drawn(classes).judged(.missed)
            drawn.mask = nil
            return drawn
        }
        let judged = answer.map { object in
            object.drawn(classes).judged(object.isCrowd ? .ignored : object.isRight == false ? .wrong : .found)
        }
        return drawing(judged + missed)
    }

    private func drawing(_ objects: [DrawnObject]) -> PixelSheet {
        let factor = ObjectPicture.enlargement(width: image.width, height: image.height, least: 240)
        return PixelSheet(
            image.enlarged(by: factor).drawing(objects.map { $0.scaled(x: Double(factor), y: Double(factor)) }))
    }
}
