// Detectors: heads that find objects; the specification of each, its layers and its names in other libraries' files.

import Configuration
import Detection
import Layers
import Tensors

/// A head that finds objects, as a value. What its answer means is the style's and the kind's business, see each head; the
/// rules of training and of reading the answer are the task's.
public protocol DetectorHeadSpecification: HeadSpecification {
    /// Whose choices the head follows: names of layers in files, first values, where the background stands.
    var style: DetectorStyle { get }

    /// The boxes that it starts from; `nil` for a head that starts from points.
    var anchorShape: AnchorShape? { get }

    /// Whether it says which pixels of an object's box belong to the object.
    var answersMasks: Bool { get }

    /// The pyramid that the head usually stands on, which the keys of `neck` start from.
    var usualNeck: FeaturePyramidSpecification { get }
}

extension DetectorHeadSpecification {
    /// No.
    public var answersMasks: Bool { false }

    /// Yes.
    public var usesNormalizedMaps: Bool { true }

    /// The anchors on maps of these strides, fine to coarse; `nil` for a head without.
    public func anchors(strides: [Int]) -> AnchorRule? { anchorShape?.rule(style, strides: strides) }
}

/// What anchors look like, whatever the strides of the maps are.
public struct AnchorShape: Sendable, Hashable, Codable {
    /// The side of a level's smallest square anchor, in strides of the level.
    public var scale: Double
    /// Sizes of a level, which share the way to twice the side evenly.
    public var octaves: Int
    /// Height over width.
    public var ratios: [Double]
    /// The sides of square anchors of each level, in pixels of the input; takes the place of `scale` and `octaves`.
    public var sizes: [[Double]]?

    /// Anchors of all levels by one rule, or of given sizes.
    public init(scale: Double, octaves: Int, ratios: [Double] = [0.5, 1, 2], sizes: [[Double]]? = nil) {
        self.scale = scale
        self.octaves = octaves
        self.ratios = ratios
        self.sizes = sizes
    }

    /// RetinaNet's nine.
    public static let retinaNet = AnchorShape(scale: 4, octaves: 3)
    /// The three of networks that propose regions.
    public static let proposals = AnchorShape(scale: 8, octaves: 1)

    /// How many anchors there are at each place of a map.
    public var perCell: Int { (sizes?.first?.count ?? octaves) * ratios.count }

    /// The anchors on maps of these strides, fine to coarse. torchvision rounds sides down to whole pixels.
    public func rule(_ style: DetectorStyle, strides: [Int]) -> AnchorRule {
        let sides =
            sizes
            ?? strides.map { stride in
                (0..<octaves).map { octave in
                    let side = scale * Double(stride) * power(2, Double(octave) / Double(octaves))
                    return style == .torchvision ? side.rounded(.down) : side
                }
            }
        return AnchorRule(style: style, sizes: sides, ratios: ratios, strides: strides)
    }

    /// Reads the keys of anchors.
    init(_ reader: ConfigurationReader, from start: AnchorShape) {
        self = start
        scale = reader.double(
            "anchorScale", default: scale, in: 0.1...1000,
            "Side of a level's smallest square anchor in strides of its map; smaller for smaller objects")
        octaves = reader.int(
            "anchorOctaves", default: octaves, in: 1...8, "Anchor sizes of a level, up to twice the smallest")
        ratios = reader.doubles(
            "anchorRatios", default: ratios, in: 0.01...100, count: 1...16, "Height over width of anchors")
    }

    /// - Throws: `ModelError` for anchors of no size, or lists that are not the levels'.
    func validate(levels: Int) throws {
        try checkNumber("head.anchorScale", scale, in: 0.1...1000)
        try checkNumber("head.anchorOctaves", octaves, in: 1...8)
        guard (1...16).contains(ratios.count), ratios.allSatisfy({ (0.01...100).contains($0) }) else {
            throw ModelError("model.head.anchorRatios is \(ratios), expected 1 to 16 numbers from 0.01 to 100")
        }
        guard let sizes else { return }
        guard sizes.count == levels, sizes.allSatisfy({ $0.count == sizes[0].count && !$0.isEmpty && $0.count <= 16 }),
            sizes.joined().allSatisfy({ (0.1...1e6).contains($0) })
        else {
            throw ModelError(
                "the anchors have sizes of \(sizes.count) levels, expected as many of each of \(levels) levels")
        }
    }
}

/// The keys that all detectors' heads have.
enum DetectorKeys {
    static func style(_ reader: ConfigurationReader, _ start: DetectorStyle) -> DetectorStyle {
        reader.choice(
            "style", default: start,
            "Whose rules the detector follows where they differ: mmdetection (the published numbers) or torchvision")
    }

    static func backboneNorm(_ reader: ConfigurationReader, _ start: BackboneNorm) -> BackboneNorm {
        reader.choice(
            "backboneNorm", default: start,
            "Batch norms of the backbone in training: batch (statistics of the batch, for training from nothing), running "
                + "(running statistics, affine trained: mmdetection with pretrained weights) or frozen (torchvision)")
    }

    static func groups(_ reader: ConfigurationReader, _ start: Int, _ of: String) -> Int {
        reader.int(
            "groups", default: start, in: 0...ModelLimits.widths.upperBound,
            "Groups of a group norm in \(of); 0 for none")
    }

    static func channels(_ reader: ConfigurationReader, _ of: String) -> Int? {
        reader.optionalInt("channels", in: ModelLimits.widths, "Channels of \(of); those of the neck when absent")
    }
}

/// The channels that all levels have, which layers shared by the levels need.
/// - Throws: `ModelError` when there is no level, or they differ.
func sharedChannels(_ kind: String, _ taps: [FeatureTap]) throws -> Int {
    guard let first = taps.first else { throw ModelError("the \(kind) head needs a map at least, but there is none") }
    guard taps.allSatisfy({ $0.channels == first.channels }) else {
        let widths = taps.map { String($0.channels) }.joined(separator: ", ")
        throw ModelError(
            "the \(kind) head works on all levels with the same layers, but they have \(widths) channels; put a neck "
                + "(fpn) before it")
    }
    return first.channels
}

extension ModelSpecification {
    /// The maps that the head is given for images of a size: the neck's, or else the backbone's.
    /// - Throws: `ModelError` when nothing would be left of a map.
    package func headTaps(height: Int, width: Int) throws -> [FeatureTap] {
        let taps = try backbone.resolved(height: height, width: width).taps(height: height, width: width)
        return try neck?.makeNeck(Scope(), taps: taps).taps(taps) ?? taps
    }
}
