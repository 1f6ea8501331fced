import Foundation
import JSON

/// An image with its objects and, beside it, with the answer, as files of `report/` hold it: `result.json` in `worst` and
/// `best`, `snapshot-*.json` in `images`.
package struct InstancePicture: Sendable, Equatable {
    package let name: String
    /// Its place in the data set, by which the same image is known in every snapshot.
    package let index: Int?
    /// How many objects are found, how many answers are wrong, and how many objects are missed.
    package let found: Int
    package let wrong: Int
    package let missed: Int
    /// The image with the objects of the truth, and with the answer.
    package let truth: ObjectPicture
    package let answer: ObjectPicture

    /// Draws both.
    /// - Parameters:
    ///   - image: the plain image, as large as it is to be shown; a small one is enlarged here.
    ///   - truth: the objects in its coordinates; those that were missed as `judged(.missed)`, crowds as
    ///     `judged(.ignored)`, the others in the colors of their classes.
    ///   - answer: the answers in its coordinates, the most certain first, as `judged` by what became of them; the
    ///     missed objects behind them.
    package init(
        name: String, index: Int?, image: ObjectPicture, truth: [DrawnObject], answer: [DrawnObject], found: Int,
        wrong: Int, missed: Int
    ) {
        let factor = ObjectPicture.enlargement(width: image.width, height: image.height, least: 200)
        let large = image.enlarged(by: factor)
        func drawing(_ objects: [DrawnObject]) -> ObjectPicture {
            large.drawing(objects.map { $0.scaled(x: Double(factor), y: Double(factor)) })
        }
        (self.name, self.index) = (name, index)
        (self.found, self.wrong, self.missed) = (found, wrong, missed)
        (self.truth, self.answer) = (drawing(truth), drawing(answer))
    }

    /// - Returns: nil where one of the two is missing or does not fit the size.
    init?(_ json: JSONValue) {
        func picture(_ key: String) -> ObjectPicture? {
            guard let sheet = PixelSheet(json, pixels: key), sheet.channels == 3 else { return nil }
            return ObjectPicture(sheet.pixels, width: sheet.width, height: sheet.height)
        }
        guard let truth = picture("truth"), let answer = picture("answer") else { return nil }
        name = json["name"]?.stringValue ?? ""
        index = json["index"]?.integerValue
        found = json["found"]?.countValue ?? 0
        wrong = json["wrong"]?.countValue ?? 0
        missed = json["missed"]?.countValue ?? 0
        (self.truth, self.answer) = (truth, answer)
    }

    /// Those of a list that are whole.
    static func all(_ json: JSONValue?) -> [InstancePicture] {
        (json?.arrayValue ?? []).prefix(24).compactMap { InstancePicture($0) }
    }

    /// As the files have it.
    package var json: JSONValue {
        func text(_ picture: ObjectPicture) -> JSONValue { .string(Data(picture.pixels).base64EncodedString()) }
        return [
            "name": .string(name), "index": index.map { .integer($0) } ?? .null, "found": .integer(found),
            "wrong": .integer(wrong), "missed": .integer(missed), "width": .integer(truth.width),
            "height": .integer(truth.height), "channels": 3, "truth": text(truth), "answer": text(answer),
        ]
    }

    /// How an image was answered, in words.
    var verdict: String { "\(found) found, \(wrong) wrong, \(missed) missed" }

    var sheets: [PixelSheet] {
        [truth, answer].map { picture in
            var sheet = PixelSheet(width: picture.width, height: picture.height, channels: 3)
            sheet.copy(picture.pixels, width: picture.width, height: picture.height, x: 0, y: 0)
            return sheet
        }
    }
}
