import JSON
import Tensors

/// What goes with a segmenter's weights beside the names of its classes: how its images are evaluated, and how its answers
/// are shown.
public struct SegmentationSettings: Sendable, Equatable {
    /// How an image is given to the model.
    public enum Mode: String, CaseIterable, Sendable {
        /// All of it at once.
        case whole
        /// Window by window, the scores of overlapping windows averaged.
        case slide
    }

    /// The class that means do not count as one of the things to be found; nil for none.
    public var background: Int?
    /// Red, green and blue of each class; empty for a palette of the program's.
    public var colors: [[UInt8]] = []
    /// How an image is given to the model.
    public var mode = Mode.whole
    /// The windows of `slide`, in pixels.
    public var window = Pair(512, 512)
    /// From one window to the next.
    public var stride = Pair(341, 341)
    /// The image's size times these, their probabilities averaged.
    public var scales: [Double] = [1]
    /// Whether mirrored images are asked about as well, the probabilities averaged.
    public var flip = false
    /// The box that images are fitted into before they are given to the model, their ratio kept; nil leaves their size.
    public var fit: Pair?

    /// All of an image at once, in its own size.
    public init() {}

    /// Larger images than this many pixels are answered window by window by `predict`, whatever the mode.
    public static let largestWhole = 1 << 20
}

extension SegmentationSettings {
    /// As weights keep them.
    public var json: JSONValue {
        func pair(_ value: Pair?) -> JSONValue {
            value.map { .array([.integer($0.height), .integer($0.width)]) } ?? .null
        }
        return [
            "background": background.map { .integer($0) } ?? .null,
            "colors": .array(colors.map { .array($0.map { .integer(Int($0)) }) }),
            "evaluation": [
                "mode": .string(mode.rawValue), "window": pair(window), "stride": pair(stride),
                "scales": .array(scales.map { .number($0) }), "flip": .bool(flip), "fit": pair(fit),
            ],
        ]
    }

    /// - Parameters:
    ///   - json: what weights keep; null for none of it.
    ///   - classes: how many there are.
    /// - Throws: `RecipeError` where something is missing or out of range.
    public init(_ json: JSONValue, classes: Int) throws {
        self.init()
        if json == .null { return }
        func wrong(_ key: String) -> RecipeError {
            RecipeError("the weights' settings of segmentation are damaged: \(key) is missing or out of range")
        }
        let sides = 1...8192
        func pair(_ value: JSONValue?, _ key: String) throws -> Pair {
            guard let numbers = value?.arrayValue?.compactMap(\.integerValue), numbers.count == 2,
                numbers.allSatisfy(sides.contains)
            else { throw wrong(key) }
            return Pair(numbers[0], numbers[1])
        }
        if let index = json["background"]?.integerValue {
            guard (0..<classes).contains(index) else { throw wrong("background") }
            background = index
        }
        let table = json["colors"]?.arrayValue ?? []
        colors = try table.map { entry in
            let values = (entry.arrayValue ?? []).compactMap(\.integerValue).compactMap { UInt8(exactly: $0) }
            guard values.count == 3 else { throw wrong("colors") }
            return values
        }
        guard colors.isEmpty || colors.count == classes else { throw wrong("colors") }
        guard let evaluation = json["evaluation"],
            let mode = evaluation["mode"]?.stringValue.flatMap(Mode.init(rawValue:)),
            let scales = evaluation["scales"]?.arrayValue?.compactMap(\.doubleValue), (1...16).contains(scales.count),
            scales.allSatisfy({ $0 >= 0.1 && $0 <= 8 }), let flip = evaluation["flip"]?.boolValue
        else { throw wrong("evaluation") }
        (self.mode, self.scales, self.flip) = (mode, scales, flip)
        window = try pair(evaluation["window"], "evaluation.window")
        stride = try pair(evaluation["stride"], "evaluation.stride")
        if let fit = evaluation["fit"], fit != .null { self.fit = try pair(fit, "evaluation.fit") }
        guard stride.height <= window.height, stride.width <= window.width else { throw wrong("evaluation.stride") }
    }
}
