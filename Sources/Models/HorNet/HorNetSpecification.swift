import Layers

/// Everything that decides a HorNet's shape (Rao et al., arXiv 2207.14284); a model and its weights file are built from
/// this value alone.
public struct HorNetSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "hornet"
    /// As the paper spells it.
    public static let title = "HorNet"

    /// The mixer of one stage.
    public enum Mixer: Sendable, Hashable, Codable {
        /// A depthwise 7x7 convolution.
        case depthwise7x7
        /// A global filter of `rows` x `columns` of the stored half spectrum; `nil` derives them from the stage's map.
        case globalFilter(rows: Int?, columns: Int?)
    }

    /// The channels of the first stage; each further stage doubles them.
    public var baseWidth: Int
    /// Blocks per stage.
    public var depths: [Int]
    /// The order of gnConv per stage, 1 to 5.
    public var orders: [Int]
    /// The stride of the stem: 4, 2 or 1.
    public var stemStride: Int
    /// The mixer of each stage.
    public var mixers: [Mixer]
    /// What gates are multiplied by (the paper's 1 / alpha).
    public var gateScale: Double
    /// The first value of the layer scales; 0 leaves them out.
    public var layerScale: Double
    /// The drop rate of the last block's branches; earlier blocks have proportionally less.
    public var dropPath: Double
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int
    /// Xavier-uniform instead of normal first weights.
    public var uniformInit: Bool
    /// The first value of the head is multiplied by this.
    public var headScale: Double

    /// The published depths and orders with 7x7 mixers, unless said otherwise.
    public init(
        baseWidth: Int, depths: [Int] = [2, 3, 18, 2], orders: [Int] = [2, 3, 4, 5], stemStride: Int = 4,
        mixers: [Mixer] = Array(repeating: .depthwise7x7, count: 4), gateScale: Double = 1.0 / 3,
        layerScale: Double = 1e-6, dropPath: Double = 0, classes: Int = 1000, inputChannels: Int = 3,
        uniformInit: Bool = false, headScale: Double = 1
    ) {
        self.baseWidth = baseWidth
        self.depths = depths
        self.orders = orders
        self.stemStride = stemStride
        self.mixers = mixers
        self.gateScale = gateScale
        self.layerScale = layerScale
        self.dropPath = dropPath
        self.classes = classes
        self.inputChannels = inputChannels
        self.uniformInit = uniformInit
        self.headScale = headScale
    }

    /// Stage i's channels.
    public func width(_ stage: Int) -> Int { baseWidth << stage }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkNumber("baseWidth", baseWidth, in: ModelLimits.baseWidth)
        try checkStages([("depths", depths, ModelLimits.depths), ("orders", orders, ModelLimits.orders)])
        try checkCount("mixers", mixers.count, stages: depths.count)
        guard [1, 2, 4].contains(stemStride) else {
            throw ModelError("model.stemStride is \(stemStride), expected 1, 2 or 4")
        }
        for mixer in mixers {
            guard case .globalFilter(let rows, let columns) = mixer else { continue }
            for extent in [rows, columns].compactMap({ $0 }) where !ModelLimits.filter.contains(extent) {
                throw ModelError(
                    "model.mixers has a filter of \(extent) rows or columns, expected 1 to \(ModelLimits.filter.upperBound)"
                )
            }
        }
        try checkNumber("gateScale", gateScale, in: ModelLimits.gateScale)
        try checkNumber("layerScale", layerScale, in: ModelLimits.layerScale)
        try checkNumber("headScale", headScale, in: ModelLimits.headScale)
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: dropPath)
        for (stage, order) in orders.enumerated() {
            _ = try GnConv.widths(channels: width(stage), order: order, path: "stages.\(stage)")
        }
    }

    /// The map of each stage for an image size; throws, naming the stage, when nothing is left of it.
    package func maps(height: Int, width: Int) throws -> [MapSize] {
        try stageMaps(
            height: height, width: width, stages: depths.count,
            remedy: "a smaller model.stemStride than \(stemStride)"
        ) { stage, extent in extent / (stage == 0 ? stemStride : 2) }
    }

    /// The stages' outputs.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        stageTaps(
            try maps(height: height, width: width), stride: { stemStride << $0 }, channels: { self.width($0) })
    }

    /// The same specification with every filter size filled in for an image size.
    public func resolved(height: Int, width: Int) throws -> HorNetSpecification {
        try validate()
        let maps = try maps(height: height, width: width)
        var copy = self
        for (stage, mixer) in mixers.enumerated() {
            if case .globalFilter(let rows, let columns) = mixer {
                copy.mixers[stage] = .globalFilter(
                    rows: rows ?? maps[stage].height, columns: columns ?? maps[stage].width / 2 + 1)
            }
        }
        return copy
    }

    /// The first values of weights.
    var initializer: Initializer { uniformInit ? .xavierUniform : .normal(deviation: 0.02) }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) throws -> any Backbone { try HorNet(scope, self) }

    /// Pool, norm, linear layer.
    public var classifier: ClassificationHead.Form {
        ClassificationHead.Form(
            norm: "norm", initializer: uniformInit ? .xavierUniform : .normal(deviation: 0.02 * headScale))
    }

    /// Yes.
    public var normalizesMaps: Bool { true }

    /// 32 pixels for a small stem, else 224.
    public var usualImageSize: Int { stemStride < 4 ? 32 : 224 }
}
