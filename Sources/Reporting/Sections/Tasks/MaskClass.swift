import JSON

/// What a segmentation's evaluation measured of a class, as `report/result.json` holds it.
struct MaskClass {
    /// Its number in masks.
    let index: Int
    let name: String
    /// Pixels that are labeled as it, and pixels that are predicted to be it.
    let pixels: Int
    let predicted: Int
    /// Shares of 1; nil where they are undefined.
    let intersectionOverUnion: Double?
    let dice: Double?
    let accuracy: Double?
    let precision: Double?
    /// Red, green and blue of its pixels in pictures, 0 to 255; nil where they are not known.
    private let color: [Int]?

    /// - Parameter fallback: the name of a class that has none.
    private init?(_ json: JSONValue, index: Int, fallback: String) {
        guard let pixels = json["pixels"]?.countValue else { return nil }
        func share(_ key: String) -> Double? { MaskClass.share(json[key]) }
        self.index = index
        name = json["class"]?.stringValue ?? fallback
        self.pixels = pixels
        predicted = json["predicted"]?.countValue ?? 0
        intersectionOverUnion = share("iou")
        dice = share("dice")
        accuracy = share("accuracy")
        precision = share("precision")
        let color = (json["color"]?.arrayValue ?? []).compactMap(\.integerValue)
        self.color = color.count == 3 && color.allSatisfy({ (0...255).contains($0) }) ? color : nil
    }

    /// A share of 1; nil for what is none.
    static func share(_ json: JSONValue?) -> Double? {
        json?.doubleValue.flatMap { (0...1).contains($0) ? $0 : nil }
    }

    /// Whether it is in neither labels nor answers, so that nothing can be said of it.
    var isUndefined: Bool { intersectionOverUnion == nil }

    /// A spot of its color.
    var patch: Markup {
        guard let color else { return "" }
        return Self.patch(color)
    }

    static func patch(_ color: [Int]) -> Markup {
        guard color.count == 3 else { return "" }
        return "<i class=\"patch\" style=\"background:rgb(\(color[0]) \(color[1]) \(color[2]))\"></i>"
    }

    /// All of a run, in their order; empty where it wrote none. A mask has 256 values, label files of two bytes have more
    /// than a page can show.
    static func all(_ record: RunRecord) -> [MaskClass] {
        (record.result?["perClass"]?.arrayValue ?? []).prefix(1024).enumerated().compactMap { index, json in
            MaskClass(json, index: index, fallback: record.className(json["class"]?.integerValue ?? index))
        }
    }

    /// The class that a run calls background.
    static func background(_ record: RunRecord) -> Int? { record.result?["background"]?.integerValue }
}
