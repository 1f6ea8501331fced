import Foundation
import JSON
import Models
import Tensors

/// What goes with a detector's weights beside the names of its classes: the head's rules, how its answers are read, and the
/// numbers that files call the classes by.
package struct DetectionSettings: Sendable {
    /// What the answer means.
    package var head: any DetectorHeadSpecification
    /// Pixels of the input from place to place of each of the head's maps, fine to coarse.
    package var strides: [Int]
    /// Which candidates become objects in evaluation.
    package var limits: DetectionLimits
    /// The id of each class in the files that it was learnt from; empty for 1, 2, ...
    package var categories: [Int64] = []
    /// The least score that `predict` shows: that of the best F1 in validation; nil before there was any.
    package var threshold: Double?

    /// - Parameters:
    ///   - head: for as many classes as there are.
    ///   - strides: of each of the head's maps.
    ///   - limits: which candidates become objects.
    package init(head: any DetectorHeadSpecification, strides: [Int], limits: DetectionLimits) {
        (self.head, self.strides, self.limits) = (head, strides, limits)
    }

    /// What `predict` shows where no validation chose a threshold.
    package static let usualThreshold = 0.3
    /// More levels than these no head has.
    private static let mostLevels = 16
}

extension DetectionSettings {
    /// As weights keep them.
    package var json: JSONValue {
        let encoded = Self.encoded(head)
        return [
            "head": .object([.init(type(of: head).name, encoded)]),
            "strides": .array(strides.map { .integer($0) }),
            "evaluation": [
                "scoreThreshold": .number(limits.score), "candidates": .integer(limits.perLevel),
                "overlap": .number(limits.overlap), "objects": .integer(limits.most),
            ],
            "categories": .array(categories.map { .integer(Int($0)) }),
            "threshold": .optional(threshold),
        ]
    }

    /// Why these are not the settings of a model, one sentence, or nil.
    /// - Parameter size: of its input.
    func contradiction(_ model: ModelSpecification, size: Pair) -> String? {
        guard let own = model.head as? any DetectorHeadSpecification else {
            return "the weights' settings are of a detector, but their model has no head that finds objects"
        }
        func words(_ head: any DetectorHeadSpecification) -> String {
            "\(type(of: head).name) (\(head.style.rawValue)) for \(head.classes) \(head.classes == 1 ? "class" : "classes")"
        }
        if type(of: own).name != type(of: head).name || own.style != head.style || own.classes != head.classes {
            return "the weights' settings are of the head \(words(head)), but their model has \(words(own))"
        }
        guard Self.encoded(own) == Self.encoded(head) else {
            return "the weights' settings are of another head \(words(head)) than their model has"
        }
        let expected = (try? model.headTaps(height: size.height, width: size.width))?.map(\.stride) ?? []
        guard expected == strides else {
            return "the weights' settings have maps of strides \(strides), but their model has \(expected)"
        }
        return nil
    }

    private static func encoded<H: DetectorHeadSpecification>(_ head: H) -> JSONValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(head) else { return .null }
        return (try? JSONValue(parsing: Array(data))) ?? .null
    }

    /// - Parameters:
    ///   - json: what weights keep.
    ///   - classes: how many there are.
    /// - Throws: `RecipeError` where something is missing or out of range.
    package init(_ json: JSONValue, classes: Int) throws {
        func wrong(_ key: String) -> RecipeError {
            RecipeError("the weights' settings of detection are damaged: \(key) is missing or out of range")
        }
        guard let member = json["head"]?.objectValue?.first,
            let kind = DetectorKeys.heads.first(where: { $0.name == member.name }),
            let head = Self.decoded(kind, member.value), head.classes == classes
        else { throw wrong("head") }
        let strides = (json["strides"]?.arrayValue ?? []).compactMap(\.integerValue)
        guard (1...Self.mostLevels).contains(strides.count), strides.allSatisfy({ (1...1 << 16).contains($0) }),
            head.anchorShape?.sizes.map({ $0.count == strides.count }) ?? true
        else { throw wrong("strides") }
        self.init(head: head, strides: strides, limits: DetectionLimits())
        guard let evaluation = json["evaluation"], let score = evaluation["scoreThreshold"]?.doubleValue,
            (0...1).contains(score), let candidates = evaluation["candidates"]?.integerValue,
            (1...100_000).contains(candidates), let overlap = evaluation["overlap"]?.doubleValue,
            (0...1).contains(overlap), let objects = evaluation["objects"]?.integerValue,
            (1...10_000).contains(objects)
        else { throw wrong("evaluation") }
        (limits.score, limits.perLevel, limits.overlap, limits.most) = (score, candidates, overlap, objects)
        categories = (json["categories"]?.arrayValue ?? []).compactMap(\.integerValue).map { Int64($0) }
        guard categories.isEmpty || categories.count == classes, Set(categories).count == categories.count else {
            throw wrong("categories")
        }
        if let value = json["threshold"], value != .null {
            guard let threshold = value.doubleValue, (0...1).contains(threshold) else { throw wrong("threshold") }
            self.threshold = threshold
        }
    }

    private static func decoded<H: DetectorHeadSpecification>(
        _ kind: H.Type, _ json: JSONValue
    ) -> (any DetectorHeadSpecification)? {
        try? JSONDecoder().decode(H.self, from: Data(json.text().utf8))
    }
}
