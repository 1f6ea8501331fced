import Autograd
import Configuration
import Layers
import Tensors

/// Everything that decides a SegNetr's decoder (Cheng et al., arXiv 2307.02953): from the coarsest map on, each is
/// enlarged, put beside half of the channels of the next finer one and goes through a block.
public struct SegNetrHeadSpecification: HeadSpecification {
    /// In configurations and files.
    public static let name = "segnetr"

    /// How many classes it tells apart.
    public var classes: Int
    /// Whether the encoder's maps come as the paper's information retention skip connection gives them, by every second
    /// channel; otherwise whole.
    public var irsc: Bool
    /// Whether blocks have the branch of displaced windows.
    public var globalBranch: Bool

    /// The paper's decoder, unless said otherwise.
    public init(classes: Int, irsc: Bool = true, globalBranch: Bool = true) {
        self.classes = classes
        self.irsc = irsc
        self.globalBranch = globalBranch
    }

    /// Reads the head's keys.
    public init(reading reader: ConfigurationReader) {
        self.init(classes: 2)
        irsc = reader.bool(
            "irsc", default: irsc, "Whether skip connections hand on every second channel (IRSC) or whole maps")
        globalBranch = reader.bool(
            "globalBranch", default: globalBranch, "Whether blocks weigh displaced windows as well as local ones")
    }

    /// Reads the head's keys.
    public static func read(_ reader: ConfigurationReader) -> SegNetrHeadSpecification? {
        SegNetrHeadSpecification(reading: reader)
    }

    /// Those of the last layer.
    public var outputParameters: [String] { ["weight", "bias"].map { SegNetrHead.path + ".classifier." + $0 } }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkNumber("classes", classes, in: ModelLimits.classes)
        guard taps.map(\.stride) == [1, 2, 4, 8, 16], taps.allSatisfy({ $0.channels % 2 == 0 }) else {
            throw ModelError(
                "the segnetr head needs maps at strides 1, 2, 4, 8 and 16 with even numbers of channels, as a segnetr "
                    + "gives them, but the strides are \(taps.map(\.stride)) and the channels \(taps.map(\.channels))")
        }
        return SegNetrHead(scope[SegNetrHead.path], self, channels: taps.map(\.channels))
    }
}

/// The decoder of a SegNetr. The answer is the logits at the image's resolution.
package struct SegNetrHead: Head {
    static let path = "decoder"
    package let specification: SegNetrHeadSpecification
    package var classes: Int { specification.classes }

    private let reduce: Linear
    /// From the coarsest on.
    private let blocks: [SegNetrBlock]
    private let classifier: Linear

    init(_ scope: Scope, _ specification: SegNetrHeadSpecification, channels: [Int]) {
        self.specification = specification
        // What comes from below has half of the channels of the map that it stands beside.
        reduce = Linear(
            scope["reduce"], inputs: channels[4], outputs: channels[3] / 2, layout: .pointwise,
            initializer: .uniformFanIn)
        blocks = (0..<4).reversed().enumerated().map { number, level in
            let skip = specification.irsc ? channels[level] / 2 : channels[level]
            return SegNetrBlock(
                scope["stages"][number], inputs: channels[level] / 2 + skip,
                outputs: level > 0 ? channels[level - 1] / 2 : channels[0],
                patch: SegNetrSpecification.patch(stride: 1 << level), globalBranch: specification.globalBranch)
        }
        classifier = Linear(
            scope["classifier"], inputs: channels[0], outputs: specification.classes, layout: .pointwise,
            initializer: .uniformFanIn)
    }

    package func check(_ taps: [FeatureTap]) throws {
        guard let finest = taps.first, finest.height % 32 != 0 || finest.width % 32 != 0 else { return }
        throw ModelError(
            "the segnetr head takes images whose sides are multiples of 32, but they are \(finest.height)x\(finest.width)"
        )
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        let maps = features.maps
        var x = reduce(maps[4], context)
        for (block, map) in zip(blocks, maps.dropLast().reversed()) {
            let both = LayerPath.$current.withValue(block.path) {
                let skip = specification.irsc ? Self.retained(map) : map
                return Variable.concatenated([x.resized(like: map), skip])
            }
            x = context.checkpointed(both, at: block.path) { block($0, $1) }
        }
        return [classifier(x, context)]
    }

    /// Every second channel of the cells that the encoder merges, put back to the map's resolution: (C / 2) of (C)
    /// channels at all positions. Since the merged channels lie position by position, these are the map's even channels,
    /// which is what is computed.
    package static func retained<S: Scalar>(_ map: Variable<S>) -> Variable<S> {
        let (shape, half) = (map.shape, map.shape.columns / 2)
        return map.reshaped([shape[0], shape[1], shape[2] * half, 2]).sliced(channels: 0..<1)
            .reshaped(shape.replacing(axis: -1, with: half))
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        try trace.enter(Self.path, "SegNetr decoder") {
            var shape = try reduce.trace(maps[4], trace)
            for (block, map) in zip(blocks, maps.dropLast().reversed()) {
                let skip = specification.irsc ? map.columns / 2 : map.columns
                shape = try block.trace(map.replacing(axis: -1, with: shape.columns + skip), trace)
            }
            return (try classifier.trace(shape, trace), 0)
        }
    }
}
