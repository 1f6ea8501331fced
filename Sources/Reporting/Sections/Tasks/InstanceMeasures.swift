import JSON

/// What COCO's evaluation says of boxes, or of masks.
package struct InstanceMeasures: Sendable, Equatable {
    /// The twelve numbers in COCO's order: AP (the mean over IoU 0.50 to 0.95), AP at 0.50 and at 0.75, AP of small, medium
    /// and large objects; then the mean recall with 1, 10 and 100 answers an image and class, and with 100 of small, medium
    /// and large objects. Nil where there are no such objects.
    package let stats: [Double?]
    /// One for each class, in the order of the names.
    package var classes: [InstanceClass]

    /// - Parameter stats: in COCO's order; those below 0, by which COCO says that there is nothing, become nil.
    package init(stats: [Double?], classes: [InstanceClass]) {
        self.stats = (0..<12).map { index in
            let value = index < stats.count ? stats[index] : nil
            return value.flatMap { (0...1).contains($0) ? $0 : nil }
        }
        self.classes = classes
    }

    init?(_ json: JSONValue?) {
        guard let numbers = json?["stats"]?.arrayValue else { return nil }
        let classes = (json?["perClass"]?.arrayValue ?? []).prefix(InstanceRecord.mostClasses)
        self.init(
            stats: numbers.prefix(12).map(\.doubleValue),
            classes: classes.enumerated().compactMap { InstanceClass($1, fallback: "class \($0)") })
    }

    var json: JSONValue {
        [
            "stats": .array(stats.map { .number($0 ?? -1) }), "perClass": .array(classes.map(\.json)),
        ]
    }

    /// What each number is called, and what it is.
    static let titles: [(name: String, meaning: String)] = [
        ("AP", "mean over IoU 0.50 to 0.95"), ("AP50", "at IoU 0.50"), ("AP75", "at IoU 0.75"),
        ("AP, small", "objects below 32 x 32 pixels"), ("AP, medium", "up to 96 x 96 pixels"),
        ("AP, large", "above"), ("AR1", "recall with one answer an image and class"), ("AR10", "with ten"),
        ("AR100", "with a hundred"), ("AR, small", "with a hundred"), ("AR, medium", "with a hundred"),
        ("AR, large", "with a hundred"),
    ]
}

/// What the evaluation measured of a class.
package struct InstanceClass: Sendable, Equatable {
    package var name: String
    /// Objects of it, crowds not counted, the images that have some, and answers of any score; the latter two are nil where
    /// they are not known.
    package var objects: Int
    package var images: Int?
    package var predictions: Int?
    /// AP, AP at IoU 0.50 and at 0.75, AP of small, medium and large objects; nil without such objects.
    package var averages: [Double?]
    /// The mean recall with a hundred answers an image.
    package var averageRecall: Double?
    /// At the least score with the best F1 of the class, and that score.
    package var precision: Double?
    package var recall: Double?
    package var f1: Double?
    package var threshold: Double?

    /// - Parameters:
    ///   - averages: AP, AP50, AP75, APs, APm, APl.
    ///   - threshold: the least score with the best F1, of which precision, recall and F1 are.
    package init(
        name: String, objects: Int, images: Int? = nil, predictions: Int? = nil, averages: [Double?],
        averageRecall: Double? = nil, precision: Double? = nil, recall: Double? = nil, f1: Double? = nil,
        threshold: Double? = nil
    ) {
        (self.name, self.objects, self.images, self.predictions) = (name, objects, images, predictions)
        self.averages = (0..<6).map { $0 < averages.count ? averages[$0] : nil }
        (self.averageRecall, self.precision, self.recall) = (averageRecall, precision, recall)
        (self.f1, self.threshold) = (f1, threshold)
    }

    private static let keys = ["AP", "AP50", "AP75", "APs", "APm", "APl"]

    init?(_ json: JSONValue, fallback: String) {
        guard let objects = json["objects"]?.countValue else { return nil }
        func share(_ key: String) -> Double? { MaskClass.share(json[key]) }
        self.init(
            name: json["class"]?.stringValue ?? fallback, objects: objects, images: json["images"]?.countValue,
            predictions: json["predictions"]?.countValue, averages: Self.keys.map(share),
            averageRecall: share("AR"), precision: share("precision"), recall: share("recall"), f1: share("f1"),
            threshold: share("threshold"))
    }

    var json: JSONValue {
        func count(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .null }
        let members: [JSONValue.Member] =
            [
                .init("class", .string(name)), .init("objects", .integer(objects)), .init("images", count(images)),
                .init("predictions", count(predictions)),
            ] + zip(Self.keys, averages).map { .init($0, .optional($1)) } + [
                .init("AR", .optional(averageRecall)), .init("precision", .optional(precision)),
                .init("recall", .optional(recall)), .init("f1", .optional(f1)),
                .init("threshold", .optional(threshold)),
            ]
        return .object(members)
    }
}
