import JSON

/// What the evaluation of a detector leaves for the report: the members of `report/result.json` beside the scores.
///
/// The task fills one in and writes `members`; the sections of pages read them back with `init(_:)`. Shares are of 1; what
/// is not defined, being of no objects, is nil here and null there.
package struct InstanceRecord: Sendable, Equatable {
    /// One for each class, in the order of the class names.
    package var classes: [InstanceClass]
    /// COCO's twelve numbers of boxes, in its order.
    package var boxes: InstanceNumbers
    /// The same of masks; nil without masks.
    package var masks: InstanceNumbers?
    /// How many objects of the truth are small, medium and large.
    package var sizes: [Int]
    /// Precision over recall, each one the mean over the classes that have objects.
    package var precisionRecall: [InstanceCurve]
    /// Precision, recall and F1 over the least score; nil where there are no objects.
    package var scores: InstanceScoreCurves?
    /// What is taken for what.
    package var confusion: InstanceConfusion?
    /// The images that were answered worst, and best.
    package var worst: [InstancePicture]
    package var best: [InstancePicture]

    /// - Parameters:
    ///   - boxes: COCO's twelve numbers of boxes.
    ///   - masks: of masks; nil without masks.
    ///   - sizes: how many objects are small, medium and large.
    package init(
        classes: [InstanceClass], boxes: InstanceNumbers, masks: InstanceNumbers? = nil, sizes: [Int] = [],
        precisionRecall: [InstanceCurve] = [], scores: InstanceScoreCurves? = nil, confusion: InstanceConfusion? = nil,
        worst: [InstancePicture] = [], best: [InstancePicture] = []
    ) {
        (self.classes, self.boxes, self.masks, self.sizes) = (classes, boxes, masks, sizes)
        (self.precisionRecall, self.scores, self.confusion) = (precisionRecall, scores, confusion)
        (self.worst, self.best) = (worst, best)
    }

    /// As the file has them; `task` and the scores are written by others.
    package var members: [JSONValue.Member] {
        [
            .init("perClass", .array(classes.map(\.json))), .init("boxes", boxes.json),
            .init("masks", masks?.json ?? .null), .init("sizes", .array(sizes.map { .integer($0) })),
            .init("precisionRecall", .array(precisionRecall.map(\.json))), .init("scoreCurves", scores?.json ?? .null),
            .init("confusion", confusion?.json ?? .null), .init("worst", .array(worst.map(\.json))),
            .init("best", .array(best.map(\.json))),
        ]
    }

    /// Of a file's members; whatever is missing or damaged is left out.
    /// - Returns: nil where there is nothing of a detector.
    package init?(_ json: JSONValue?) {
        guard let json, json["perClass"]?.arrayValue != nil || json["boxes"]?.arrayValue != nil else { return nil }
        classes = (json["perClass"]?.arrayValue ?? []).prefix(Self.mostClasses).enumerated().compactMap {
            InstanceClass($1, fallback: "class \($0)")
        }
        boxes = InstanceNumbers(json["boxes"]) ?? InstanceNumbers([])
        masks = InstanceNumbers(json["masks"])
        let counts = (json["sizes"]?.arrayValue ?? []).compactMap(\.countValue)
        sizes = counts.count == 3 ? counts : []
        precisionRecall = (json["precisionRecall"]?.arrayValue ?? []).prefix(8).compactMap { InstanceCurve($0) }
        scores = json["scoreCurves"].flatMap { InstanceScoreCurves($0) }
        confusion = json["confusion"].flatMap { InstanceConfusion($0) }
        worst = InstancePicture.all(json["worst"])
        best = InstancePicture.all(json["best"])
    }

    /// More classes than these a page cannot show.
    private static let mostClasses = 4096
}

/// COCO's twelve numbers, each a share of 1 or nil where it is of no objects: AP (the mean over IoU 0.50 to 0.95), AP at 0.50
/// and at 0.75, AP of small, medium and large objects; then the mean recall with 1, 10 and 100 answers an image, and with 100
/// of small, medium and large objects.
package struct InstanceNumbers: Sendable, Equatable {
    /// Twelve, in COCO's order.
    package let values: [Double?]

    /// - Parameter values: in COCO's order; those below 0, by which COCO says that there is nothing, become nil.
    package init(_ values: [Double?]) {
        self.values = (0..<12).map { index in
            let value = index < values.count ? values[index] : nil
            return value.flatMap { (0...1).contains($0) ? $0 : nil }
        }
    }

    init?(_ json: JSONValue?) {
        guard let numbers = json?.arrayValue else { return nil }
        self.init(numbers.prefix(12).map(\.doubleValue))
    }

    var json: JSONValue { .array(values.map { .optional($0) }) }

    /// What each one is called, and what it is.
    static let titles: [(name: String, meaning: String)] = [
        ("AP", "mean over IoU 0.50 to 0.95"), ("AP50", "at IoU 0.50"), ("AP75", "at IoU 0.75"),
        ("AP, small", "objects below 32² pixels"), ("AP, medium", "from 32² to 96² pixels"),
        ("AP, large", "above 96² pixels"), ("AR1", "recall with the best answer an image and class"),
        ("AR10", "with ten answers"), ("AR100", "with a hundred answers"), ("AR, small", "with a hundred answers"),
        ("AR, medium", "with a hundred answers"), ("AR, large", "with a hundred answers"),
    ]
}

/// What the evaluation measured of a class.
package struct InstanceClass: Sendable, Equatable {
    package var name: String
    /// Images that have it, and objects of it; crowds are not counted.
    package var images: Int
    package var objects: Int
    /// Answers of any score.
    package var predictions: Int
    /// AP of boxes and at IoU 0.50; nil without objects.
    package var average: Double?
    package var averageAt50: Double?
    /// The same of masks; nil without masks.
    package var maskAverage: Double?
    package var maskAverageAt50: Double?
    /// The best F1 at IoU 0.50 over the scores, and the score at which it is.
    package var bestF1: Double?
    package var bestScore: Double?
    /// Red, green and blue in pictures.
    package var color: [Int]

    /// - Parameters:
    ///   - average: AP of boxes.
    ///   - averageAt50: AP of boxes at IoU 0.50.
    package init(
        name: String, images: Int, objects: Int, predictions: Int, average: Double?, averageAt50: Double?,
        maskAverage: Double? = nil, maskAverageAt50: Double? = nil, bestF1: Double? = nil, bestScore: Double? = nil,
        color: [Int] = []
    ) {
        (self.name, self.images, self.objects, self.predictions) = (name, images, objects, predictions)
        (self.average, self.averageAt50) = (average, averageAt50)
        (self.maskAverage, self.maskAverageAt50) = (maskAverage, maskAverageAt50)
        (self.bestF1, self.bestScore, self.color) = (bestF1, bestScore, color)
    }

    init?(_ json: JSONValue, fallback: String) {
        guard let objects = json["objects"]?.countValue else { return nil }
        func share(_ key: String) -> Double? { MaskClass.share(json[key]) }
        name = json["class"]?.stringValue ?? fallback
        images = json["images"]?.countValue ?? 0
        self.objects = objects
        predictions = json["predictions"]?.countValue ?? 0
        (average, averageAt50) = (share("ap"), share("ap50"))
        (maskAverage, maskAverageAt50) = (share("maskAP"), share("maskAP50"))
        (bestF1, bestScore) = (share("f1"), share("threshold"))
        let color = (json["color"]?.arrayValue ?? []).compactMap(\.integerValue)
        self.color = color.count == 3 && color.allSatisfy({ (0...255).contains($0) }) ? color : []
    }

    var json: JSONValue {
        [
            "class": .string(name), "images": .integer(images), "objects": .integer(objects),
            "predictions": .integer(predictions), "ap": .optional(average), "ap50": .optional(averageAt50),
            "maskAP": .optional(maskAverage), "maskAP50": .optional(maskAverageAt50), "f1": .optional(bestF1),
            "threshold": .optional(bestScore), "color": .array(color.map { .integer($0) }),
        ]
    }
}
