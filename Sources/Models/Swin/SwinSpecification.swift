import Layers
import Tensors

/// Everything that decides a Swin's shape (Liu et al., arXiv 2103.14030).
public struct SwinSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "swin"
    /// As the paper spells it.
    public static let title = "Swin"

    /// Channels of the first stage; each further stage doubles them.
    public var baseWidth: Int
    /// Blocks per stage.
    public var depths: [Int]
    /// Heads of attention per stage.
    public var heads: [Int]
    /// The side of the patches that the images are cut into.
    public var stemStride: Int
    /// The side of the windows, in pixels of each stage's map.
    public var window: Int
    /// Whether windows shrink to the maps of the images that the model is made for, as in timm. Otherwise smaller maps are
    /// extended to a window, as in torchvision.
    public var fitsWindows: Bool
    /// The rows and columns of each stage's windows once they are fitted; empty otherwise.
    public var windows: [[Int]]
    /// Whether every second block moves its windows on maps of a single window too, as mmdetection does.
    public var shiftsAlways: Bool
    /// The drop rate of the last block's branches; earlier blocks have proportionally less.
    public var dropPath: Double
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// The published patches and windows, unless said otherwise.
    public init(
        baseWidth: Int, depths: [Int], heads: [Int], stemStride: Int = 4, window: Int = 7, fitsWindows: Bool = false,
        windows: [[Int]] = [], shiftsAlways: Bool = false, dropPath: Double = 0, classes: Int = 1000,
        inputChannels: Int = 3
    ) {
        self.baseWidth = baseWidth
        self.depths = depths
        self.heads = heads
        self.stemStride = stemStride
        self.window = window
        self.fitsWindows = fitsWindows
        self.windows = windows
        self.shiftsAlways = shiftsAlways
        self.dropPath = dropPath
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// The published models (Liu et al., arXiv 2103.14030) and our own small one for 32 pixels.
    public static let variants: [ModelVariant<SwinSpecification>] = [
        ModelVariant(
            "swin_nano32",
            SwinSpecification(
                baseWidth: 64, depths: [2, 4, 2], heads: [2, 4, 8], stemStride: 2, window: 4, classes: 10)),
        ModelVariant("swin_tiny", SwinSpecification(baseWidth: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24])),
        ModelVariant("swin_small", SwinSpecification(baseWidth: 96, depths: [2, 2, 18, 2], heads: [3, 6, 12, 24])),
        ModelVariant("swin_base", SwinSpecification(baseWidth: 128, depths: [2, 2, 18, 2], heads: [4, 8, 16, 32])),
    ]

    /// Stage i's channels.
    public func width(_ stage: Int) -> Int { baseWidth << stage }

    /// The windows of stage i.
    package func windowSize(_ stage: Int) -> Pair {
        windows.isEmpty ? Pair(window) : Pair(windows[stage][0], windows[stage][1])
    }

    /// Where the windows of a stage's block stand.
    package func shift(block: Int) -> WindowAttention.Shift {
        block % 2 == 0 ? .none : shiftsAlways ? .always : .betweenWindows
    }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkNumber("baseWidth", baseWidth, in: ModelLimits.baseWidth)
        try checkStages([("depths", depths, ModelLimits.depths), ("heads", heads, ModelLimits.heads)])
        try checkNumber("stemStride", stemStride, in: ModelLimits.strides)
        try checkNumber("window", window, in: ModelLimits.attentionWindow)
        for (stage, heads) in heads.enumerated() where width(stage) % heads != 0 {
            throw ModelError(
                "model.heads has \(heads) in stage \(stage), expected a divisor of its \(width(stage)) channels")
        }
        if !windows.isEmpty {
            try checkCount("windows", windows.count, stages: depths.count)
            for (stage, sides) in windows.enumerated()
            where sides.count != 2 || !sides.allSatisfy((1...window).contains) {
                throw ModelError(
                    "model.windows has \(sides) in stage \(stage), expected two sides from 1 to \(window)")
            }
        }
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: dropPath)
    }

    /// The map of each stage for an image size: images and maps are extended where they cannot be divided.
    package func maps(height: Int, width: Int) throws -> [MapSize] {
        try stageMaps(height: height, width: width, stages: depths.count) { stage, extent in
            let step = stage == 0 ? stemStride : 2
            return (extent + step - 1) / step
        }
    }

    /// The same specification, checked, with the windows fitted to the maps for an image size.
    public func resolved(height: Int, width: Int) throws -> SwinSpecification {
        try validate()
        let maps = try maps(height: height, width: width)
        var copy = self
        if fitsWindows, windows.isEmpty {
            copy.windows = maps.map { [min(window, $0.height), min(window, $0.width)] }
        }
        return copy
    }

    /// The stages' outputs, before the next stage merges them.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try validate()
        return stageTaps(
            try maps(height: height, width: width), stride: { stemStride << $0 }, channels: { self.width($0) })
    }

    /// What all layer norms add to the variance.
    package static let epsilon = 1e-5

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) throws -> any Backbone { try Swin(scope, self) }

    /// Norm, pool, linear layer, the last under timm's name.
    public var classifier: ClassificationHead.Form {
        ClassificationHead.Form(norm: "norm", epsilon: Self.epsilon, linear: "head.fc", source: .normalizedMap)
    }

    /// With windows that are always shifted, as the authors have them in their detectors and segmenters.
    public var usualForPlaces: SwinSpecification {
        var copy = self
        copy.shiftsAlways = true
        return copy
    }

    /// Yes.
    public var normalizesMaps: Bool { true }

    /// 32 pixels for small patches, else 224.
    public var usualImageSize: Int { stemStride < 4 ? 32 : 224 }
}
