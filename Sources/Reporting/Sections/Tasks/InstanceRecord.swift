import JSON

/// What the evaluation of a detector leaves for the report: the members of `report/result.json` beside the scores.
///
/// The task fills one in and writes `members`; the sections of pages read them back with `init(_:)`. Shares are of 1. What
/// is not defined, being of no objects, is nil here; in the file it is null, and -1 in `stats`, as COCO's tools have it.
///
///     task: detection | instances          classes: [name]
///     boxes, masks (null where the detector answers none):
///       {stats: [12], perClass: [{class, objects, images, predictions, AP, AP50, AP75, APs, APm, APl, AR, precision, recall,
///        f1, threshold}]}
///     thresholds: {overlap, best, predict}
///     sizes: [small, medium, large] objects
///     curves: {recall: [n], precision: {all: [n], NAME: [n], ...},
///              score: [m], precisionAt, recallAt, f1: {all: [m], NAME: [m], ...}}
///     confusion: {score, overlap, counts: [[truth, answer, count], ...]}
///     images: [{name, index, objects, found, missed, wrong}]
///     worst, best: [picture], see `InstancePicture`
package struct InstanceRecord: Sendable, Equatable {
    /// The classes' names.
    package var classes: [String]
    /// Of boxes.
    package var boxes: InstanceMeasures
    /// Of masks; nil where the detector answers none.
    package var masks: InstanceMeasures?
    /// At which overlap and at which score answers are right, and taken.
    package var thresholds: InstanceThresholds
    /// How many objects of the truth are small, medium and large; empty where that is not known.
    package var sizes: [Int]
    package var curves: InstanceCurves?
    /// What is taken for what.
    package var confusion: InstanceConfusion?
    /// How images were answered, the worst first, 200 at most.
    package var images: [InstanceImage]
    /// The images that were answered worst, and best.
    package var worst: [InstancePicture]
    package var best: [InstancePicture]

    /// - Parameters:
    ///   - classes: their names.
    ///   - masks: nil where the detector answers none.
    ///   - sizes: how many objects are small, medium and large.
    ///   - images: the worst first.
    package init(
        classes: [String], boxes: InstanceMeasures, masks: InstanceMeasures? = nil,
        thresholds: InstanceThresholds = InstanceThresholds(), sizes: [Int] = [], curves: InstanceCurves? = nil,
        confusion: InstanceConfusion? = nil, images: [InstanceImage] = [], worst: [InstancePicture] = [],
        best: [InstancePicture] = []
    ) {
        (self.classes, self.boxes, self.masks, self.thresholds) = (classes, boxes, masks, thresholds)
        (self.sizes, self.curves, self.confusion) = (sizes, curves, confusion)
        (self.images, self.worst, self.best) = (images, worst, best)
    }

    /// As the file has them, behind the scores.
    /// - Parameter task: `detection` or `instances`.
    package func members(task: String) -> [JSONValue.Member] {
        [
            .init("task", .string(task)), .init("classes", .array(classes.map { .string($0) })),
            .init("boxes", boxes.json), .init("masks", masks?.json ?? .null), .init("thresholds", thresholds.json),
            .init("sizes", .array(sizes.map { .integer($0) })), .init("curves", curves?.json ?? .null),
            .init("confusion", confusion?.json ?? .null), .init("images", .array(images.map(\.json))),
            .init("worst", .array(worst.map(\.json))), .init("best", .array(best.map(\.json))),
        ]
    }

    /// Of a file's members; whatever is missing or damaged is left out.
    /// - Returns: nil where there is nothing of a detector.
    package init?(_ json: JSONValue?) {
        guard let json, let boxes = InstanceMeasures(json["boxes"]) else { return nil }
        let names = (json["classes"]?.arrayValue ?? []).prefix(Self.mostClasses).enumerated()
            .map { $1.stringValue ?? "class \($0)" }
        classes = names.isEmpty ? boxes.classes.map(\.name) : names
        self.boxes = boxes
        masks = InstanceMeasures(json["masks"])
        thresholds = InstanceThresholds(json["thresholds"])
        let counts = (json["sizes"]?.arrayValue ?? []).compactMap(\.countValue)
        sizes = counts.count == 3 ? counts : []
        curves = json["curves"].flatMap { InstanceCurves($0) }
        confusion = json["confusion"].flatMap { InstanceConfusion($0, classes: names.count) }
        images = (json["images"]?.arrayValue ?? []).prefix(200).compactMap { InstanceImage($0) }
        worst = InstancePicture.all(json["worst"])
        best = InstancePicture.all(json["best"])
    }

    /// More classes than these a page cannot show.
    static let mostClasses = 4095
}

/// At which overlap and at which score answers count.
package struct InstanceThresholds: Sendable, Equatable {
    /// The IoU from which on an answer is right, of precision, recall, F1 and what is found.
    package var overlap: Double
    /// The least score with the best F1 over all classes; nil where there is none.
    package var best: Double?
    /// The least score of an answer that `predict` shows.
    package var predict: Double?

    /// - Parameters:
    ///   - overlap: the IoU from which on an answer is right.
    ///   - best: the least score with the best F1.
    ///   - predict: the least score of what `predict` shows.
    package init(overlap: Double = 0.5, best: Double? = nil, predict: Double? = nil) {
        (self.overlap, self.best, self.predict) = (overlap, best, predict)
    }

    init(_ json: JSONValue?) {
        self.init(
            overlap: MaskClass.share(json?["overlap"]) ?? 0.5, best: MaskClass.share(json?["best"]),
            predict: MaskClass.share(json?["predict"]))
    }

    var json: JSONValue {
        ["overlap": .number(overlap), "best": .optional(best), "predict": .optional(predict)]
    }
}

/// How an image was answered, in numbers.
package struct InstanceImage: Sendable, Equatable {
    package var name: String
    /// Its place in the data set.
    package var index: Int
    /// How many objects it has, how many of them are found and missed, and how many answers are wrong.
    package var objects: Int
    package var found: Int
    package var missed: Int
    package var wrong: Int

    /// - Parameters:
    ///   - index: its place in the data set.
    ///   - objects: how many it has.
    package init(name: String, index: Int, objects: Int, found: Int, missed: Int, wrong: Int) {
        (self.name, self.index, self.objects) = (name, index, objects)
        (self.found, self.missed, self.wrong) = (found, missed, wrong)
    }

    init?(_ json: JSONValue) {
        func count(_ key: String) -> Int? { json[key]?.countValue }
        guard let name = json["name"]?.stringValue, let found = count("found"), let missed = count("missed"),
            let wrong = count("wrong")
        else { return nil }
        self.init(
            name: name, index: count("index") ?? 0, objects: count("objects") ?? found + missed, found: found,
            missed: missed, wrong: wrong)
    }

    var json: JSONValue {
        [
            "name": .string(name), "index": .integer(index), "objects": .integer(objects), "found": .integer(found),
            "missed": .integer(missed), "wrong": .integer(wrong),
        ]
    }
}
