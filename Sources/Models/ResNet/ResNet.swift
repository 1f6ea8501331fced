import Autograd
import Layers
import Tensors

/// ResNet (He et al., arXiv 1512.03385) as a classifier; parameter names and shapes are torchvision's.
public struct ResNet: FeatureModel {
    public let specification: ResNetSpecification
    public let parameters: ParameterList
    public var classes: Int { specification.classes }

    private let stem: Convolution
    private let stemNorm: BatchNorm
    private let stages: [[ResNetBlock]]
    private let head: Linear

    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public init(_ specification: ResNetSpecification, height: Int, width: Int) throws {
        let specification = try specification.resolved(height: height, width: width)
        self.specification = specification
        let scope = Scope()
        let base = specification.baseWidth
        let isLarge = specification.stem == .large
        stem = Convolution(
            scope["conv1"], specification.inputChannels, base, kernel: isLarge ? 7 : 3, stride: isLarge ? 2 : 1,
            padding: isLarge ? 3 : 1, bias: false, initializer: .kaimingNormalFanOut)
        stemNorm = BatchNorm(scope["bn1"], base)
        var channels = base
        var stages: [[ResNetBlock]] = []
        for (stage, depth) in specification.depths.enumerated() {
            stages.append(
                (0..<depth).map { j in
                    defer { channels = specification.width(stage) }
                    return ResNetBlock(
                        scope["layer\(stage + 1)"][j], channels, width: base << stage, specification.width(stage),
                        stride: stage > 0 && j == 0 ? 2 : 1, specification.block, specification.shortcut)
                })
        }
        self.stages = stages
        head = Linear(
            scope["fc"], channels, specification.classes, initializer: .uniformFanIn,
            biasInitializer: .uniform(bound: 1 / Double(channels).squareRoot()))
        parameters = try scope.list.checked()
    }

    public func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        var x = stemNorm(stem(images, context), context)
        x = LayerPath.$current.withValue("stem") {
            let activated = x.relu()
            return specification.stem == .large ? activated.maxPooled(kernel: 3, stride: 2, padding: 1) : activated
        }
        var features: [Variable<S>] = []
        for blocks in stages {
            for block in blocks { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            features.append(x)
        }
        return ModelOutput(logits: head(x.globalAveragePooled(), context), features: features)
    }

    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try specification.maps(height: height, width: width).enumerated().map { stage, map in
            FeatureTap(
                name: "stage\(stage)", stride: specification.stride(stage), channels: specification.width(stage),
                height: map.height, width: map.width)
        }
    }

    public func trace(height: Int, width: Int) throws -> ModelTrace.Node {
        let maps = try specification.maps(height: height, width: width)
        let trace = ModelTrace(model: "ResNet")
        var shape = try stemNorm.trace(
            try stem.trace([1, height, width, specification.inputChannels], trace), trace)
        if specification.stem == .large {
            shape = trace.enter("maxpool", "max pool 3x3 / 2") {
                ([1, maps[0].height, maps[0].width, shape.columns], 0)
            }
        }
        for (stage, blocks) in stages.enumerated() {
            try trace.enter("layer\(stage + 1)", "stage") {
                for block in blocks { shape = try block.trace(shape, trace) }
                return (shape, 0)
            }
        }
        let pooled = trace.enter("pool", "global average pool") { ([1, shape.columns], 0) }
        _ = try head.trace(pooled, trace)
        return trace.root
    }
}
