import Configuration
import Datasets

/// The keys of `data` that say what the values of masks mean.
public struct MaskKeys: Sendable, Equatable {
    /// Values that count for nothing.
    public var ignore = [255]
    /// The value of the first class.
    public var firstLabel = 0
    /// The value of each class, in order; nil for consecutive ones.
    public var labelValues: [Int]?
    /// Red, green and blue of each class, for masks that are colour-coded; nil for masks of values.
    public var colors: [[UInt8]]?
    /// The class that is no thing of its own: it is left out of the mean Dice.
    public var background: String?
    /// The classes that count, and parts for cross-validation.
    public var folders = FolderKeys()

    init() {}

    init(_ reader: ConfigurationReader) {
        ignore = reader.ints(
            "ignore", default: [255], in: 0...65_535, count: 0...256, "Values of masks that count for nothing")
        firstLabel = reader.int(
            "firstLabel", default: 0, in: 0...65_535,
            "The value of the first class in masks, the others follow it; 1 where 0 is no class, as in ADE20K (with ignore: [0])"
        )
        labelValues = reader.optionalInts(
            "labelValues", in: 0...65_535, count: 1...254,
            "The value of each class in masks, in order: [0, 255] for black and white ones")
        background = reader.optionalString(
            "background", "The class that is no thing of its own: left out of the mean Dice and of overlays")
        folders = FolderKeys(reader)
        readColors(reader)
        if labelValues != nil, colors != nil {
            reader.problem(
                "labelValues", "is of masks of values, but data.colors is of colour-coded ones; give one of them")
        }
        if labelValues != nil, firstLabel != 0 {
            reader.problem("firstLabel", "has no meaning beside data.labelValues, which gives the value of each class")
        }
        if let values = labelValues, Set(values).count < values.count {
            reader.problem("labelValues", "found the same value twice, expected a value of its own for each class")
        }
    }

    private mutating func readColors(_ reader: ConfigurationReader) {
        guard
            let texts = reader.optionalStrings(
                "colors", "The color of each class in color-coded masks, in order, as #rrggbb")
        else { return }
        var table: [[UInt8]] = []
        for text in texts {
            let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
            guard digits.count == 6, let value = UInt32(digits, radix: 16) else {
                reader.problem("colors", "found `\(text)`, expected a color as #rrggbb, \"#ff0000\" for red")
                return
            }
            table.append([16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) })
        }
        if Set(table).count < table.count {
            reader.problem("colors", "found the same color twice, expected a color of its own for each class")
        }
        if !table.isEmpty { colors = table }
    }

    /// What the readers are told.
    func options(_ request: DataRequest) -> SegmentationDataOptions {
        var options = SegmentationDataOptions(path: request.path)
        folders.fill(&options, request)
        options.packedMegabytes = request.packedMegabytes
        options.ignore = ignore
        options.firstLabel = firstLabel
        options.labelValues = labelValues
        options.colors = colors
        return options
    }
}
