/// Data that the program brings along or makes itself, by the words that stand for its path.
public enum EmbeddedData: String, CaseIterable, Sendable {
    /// Handwritten digits of 8x8 pixels.
    case digits
    /// Scenes of such digits with masks and boxes.
    case scenes

    /// Whether a path is one of the words.
    public static func holds(_ path: String) -> Bool { EmbeddedData(rawValue: path) != nil }

    /// How many classes there are.
    public var classes: Int { self == .digits ? 10 : 11 }
    /// Channels of the images.
    public var channels: Int { self == .digits ? 1 : 3 }
    /// The side of the images in pixels.
    public var side: Int { self == .digits ? 8 : 96 }
}
