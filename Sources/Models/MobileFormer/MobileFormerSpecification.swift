import Layers
import Tensors

/// Everything that decides a Mobile-Former's shape (Chen et al., arXiv 2108.05895): rows of inverted bottlenecks over a map,
/// each beside a transformer block over a few global tokens, with bridges both ways. The first row has no tokens.
public struct MobileFormerSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "mobileformer"
    /// As the paper spells it.
    public static let title = "Mobile-Former"

    /// The global tokens, which are learned and the same for all images at first.
    public struct Tokens: Sendable, Hashable, Codable {
        /// How many there are.
        public var count: Int
        /// Channels of each.
        public var width: Int

        /// Some tokens.
        public init(count: Int, width: Int) {
            self.count = count
            self.width = width
        }
    }

    /// How a classifier ends.
    public struct Ending: Sendable, Hashable, Codable {
        /// How many times the channels of the last map its last convolution has.
        public var expansion: Int
        /// Channels before the last linear layer.
        public var width: Int
        /// The share of them that is dropped in training.
        public var dropout: Double

        /// The published expansion, unless said otherwise.
        public init(expansion: Int = 6, width: Int, dropout: Double = 0) {
            self.expansion = expansion
            self.width = width
            self.dropout = dropout
        }
    }

    /// Channels of the first convolution.
    public var stemWidth: Int
    /// The stride of the first convolution, 1 or 2.
    public var stemStride: Int
    /// Channels of each row's result.
    public var widths: [Int]
    /// How many times its input's channels a row computes with.
    public var expansions: [Int]
    /// 2 for a row that halves the map, else 1.
    public var strides: [Int]
    /// How many times its result's channels the second half of a row that halves the map computes with.
    public var secondExpansion: Int
    /// The global tokens.
    public var tokens: Tokens
    /// How a classifier ends.
    public var ending: Ending
    /// Groups of the 1x1 convolutions; their channels are shuffled where there are several.
    public var groups: Int
    /// The drop rate of the last row's branches; earlier rows have proportionally less.
    public var dropPath: Double
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// The published stem and expansions, unless said otherwise.
    public init(
        stemWidth: Int, stemStride: Int = 2, widths: [Int], expansions: [Int], strides: [Int], secondExpansion: Int = 4,
        tokens: Tokens, ending: Ending, groups: Int = 1, dropPath: Double = 0, classes: Int = 1000,
        inputChannels: Int = 3
    ) {
        self.stemWidth = stemWidth
        self.stemStride = stemStride
        self.widths = widths
        self.expansions = expansions
        self.strides = strides
        self.secondExpansion = secondExpansion
        self.tokens = tokens
        self.ending = ending
        self.groups = groups
        self.dropPath = dropPath
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// Heads of the bridges and of attention among tokens.
    package static let heads = (bridge: 2, tokens: 4)
    /// What layer norms add to the variance.
    package static let epsilon = 1e-5
    /// How the first convolution and those that halve a map meet it.
    package static func window(stride: Int) -> Window { Window(kernel: 3, stride: Pair(stride), padding: 1) }

    /// Channels that row i is given.
    package func inputs(_ row: Int) -> Int { row == 0 ? stemWidth : widths[row - 1] }

    /// The rows whose results are taps: the last at each resolution that has tokens.
    package var tapRows: [Int] {
        widths.indices.filter { $0 > 0 && ($0 == widths.count - 1 || strides[$0 + 1] == 2) }
    }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkNumber("stemWidth", stemWidth, in: ModelLimits.widths)
        try checkNumber("stemStride", stemStride, in: 1...2)
        let lists = [
            ("widths", widths, ModelLimits.widths), ("expansions", expansions, ModelLimits.expansions),
            ("strides", strides, 1...2),
        ]
        for (name, values, range) in lists {
            guard values.count == widths.count, (2...64).contains(values.count) else {
                throw ModelError(
                    "model.\(name) has \(values.count) entries, expected one per row (\(widths.count)), 2 to 64 rows")
            }
            guard values.allSatisfy(range.contains) else {
                throw ModelError(
                    "model.\(name) is \(values), expected numbers from \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try checkNumber("secondExpansion", secondExpansion, in: ModelLimits.expansions)
        try checkNumber("tokens", tokens.count, in: ModelLimits.tokens)
        try checkNumber("tokenWidth", tokens.width, in: ModelLimits.widths)
        guard tokens.width % Self.heads.tokens == 0 else {
            throw ModelError(
                "model.tokenWidth is \(tokens.width), expected a multiple of the tokens' \(Self.heads.tokens) heads")
        }
        try checkNumber("embedding", ending.width, in: ModelLimits.widths)
        try checkNumber("headExpansion", ending.expansion, in: ModelLimits.expansions)
        try checkNumber("dropout", ending.dropout, in: 0...0.99)
        try checkNumber("groups", groups, in: ModelLimits.groups)
        for width in [stemWidth] + widths where width % Self.heads.bridge != 0 || width % groups != 0 {
            throw ModelError(
                "model.widths has \(width), expected multiples of the bridges' \(Self.heads.bridge) heads"
                    + (groups > 1 ? " and of the \(groups) groups (model.groups)" : ""))
        }
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: dropPath)
    }

    /// The last result at each resolution that has tokens.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try validate()
        let rows = tapRows
        var stride = stemStride
        var size = Self.window(stride: stemStride).outputSize(Pair(height, width))
        return try widths.indices.compactMap { row in
            size = Self.window(stride: strides[row]).outputSize(size)
            stride *= strides[row]
            guard size.height > 0, size.width > 0 else {
                throw ModelError(
                    "row \(row) of the model would have an empty map for \(height)x\(width) images; use larger images "
                        + "(data.imageSize)")
            }
            return rows.firstIndex(of: row).map { index in
                FeatureTap(
                    name: "stage\(index)", stride: stride, channels: widths[row], height: size.height,
                    width: size.width)
            }
        }
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) throws -> any Backbone { try MobileFormer(scope, self) }

    /// A convolution, the pooled map beside the first token, two linear layers; see `makeClassifier`.
    public var classifier: ClassificationHead.Form {
        ClassificationHead.Form(
            epsilon: Self.epsilon, linear: MobileFormerHead.linear, initializer: .normal(deviation: 0.01))
    }

    /// A head that reads the tokens as well.
    public func makeClassifier(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        MobileFormerHead(scope, self)
    }

    /// 32 pixels for a stem of stride 1, else 224.
    public var usualImageSize: Int { stemStride == 1 ? 32 : 224 }

    /// One stage of all rows.
    public var depths: [Int] { [widths.count] }

    /// By the official names.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        return switch words[0] {
        case "stem", "tokens": .stem
        case "features": NameWords.block(0, words.number(1))
        default: nil
        }
    }
}
