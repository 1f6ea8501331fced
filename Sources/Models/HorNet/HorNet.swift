import Autograd
import Layers
import Tensors

/// HorNet, the vision backbone of recursive gated convolutions (Rao et al., arXiv 2207.14284), as a classifier:
/// stem, four stages of blocks with halving maps, global average pool, norm, linear head. Parameter names and shapes
/// are those of the official PyTorch code.
public struct HorNet: FeatureModel {
    /// With every filter size filled in.
    public let specification: HorNetSpecification
    public let parameters: ParameterList
    public var classes: Int { specification.classes }

    private let stem: Convolution
    private let stemNorm: LayerNorm
    private let downsampleNorms: [LayerNorm]
    private let downsamples: [Convolution]
    private let stages: [[HorNetBlock]]
    private let norm: LayerNorm
    private let head: Linear

    /// - Parameters:
    ///   - specification: the model; filter sizes that are left open are derived from the image size.
    ///   - height: of the images, in pixels.
    ///   - width: of the images, in pixels.
    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public init(_ specification: HorNetSpecification, height: Int, width: Int) throws {
        let specification = try specification.resolved(height: height, width: width)
        self.specification = specification
        let scope = Scope()
        let initializer: Initializer = specification.uniformInit ? .xavierUniform : .normal(deviation: 0.02)
        let base = specification.baseWidth
        let downsample = scope["downsample_layers"]
        let stride = specification.stemStride
        stem = Convolution(
            downsample[0][0], specification.inputChannels, base, kernel: stride == 1 ? 3 : Pair(stride, stride),
            stride: Pair(stride, stride), padding: stride == 1 ? 1 : 0, initializer: initializer)
        stemNorm = LayerNorm(downsample[0][1], base)
        var norms: [LayerNorm] = []
        var convolutions: [Convolution] = []
        for stage in specification.depths.indices.dropFirst() {
            norms.append(LayerNorm(downsample[stage][0], specification.width(stage - 1)))
            convolutions.append(
                Convolution(
                    downsample[stage][1], specification.width(stage - 1), specification.width(stage), kernel: 2,
                    stride: 2, initializer: initializer))
        }
        downsampleNorms = norms
        downsamples = convolutions

        let total = specification.depths.reduce(0, +)
        var block = 0
        var stages: [[HorNetBlock]] = []
        for (stage, depth) in specification.depths.enumerated() {
            let mixer: SpatialMixer
            switch specification.mixers[stage] {
            case .depthwise7x7: mixer = .depthwise7x7
            case .globalFilter(let rows, let columns):
                mixer = .globalFilter(rows: rows ?? 1, columns: columns ?? 1)
            }
            stages.append(
                try (0..<depth).map { j in
                    defer { block += 1 }
                    return try HorNetBlock(
                        scope["stages"][stage][j], specification.width(stage), order: specification.orders[stage],
                        mixer: mixer, gateScale: specification.gateScale, layerScale: specification.layerScale,
                        dropRate: total > 1 ? specification.dropPath * Double(block) / Double(total - 1) : 0,
                        initializer: initializer)
                })
        }
        self.stages = stages
        let last = specification.width(specification.depths.count - 1)
        norm = LayerNorm(scope["norm"], last)
        head = Linear(
            scope["head"], last, specification.classes,
            initializer: specification.uniformInit ? .xavierUniform : .normal(deviation: 0.02 * specification.headScale)
        )
        parameters = try scope.list.checked()
    }

    public func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        var x = stemNorm(stem(images, context), context)
        var features: [Variable<S>] = []
        for (stage, blocks) in stages.enumerated() {
            if stage > 0 { x = downsamples[stage - 1](downsampleNorms[stage - 1](x, context), context) }
            for block in blocks { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            features.append(x)
        }
        return ModelOutput(logits: head(norm(x.globalAveragePooled(), context), context), features: features)
    }

    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try specification.maps(height: height, width: width).enumerated().map { stage, map in
            FeatureTap(
                name: "stage\(stage)", stride: specification.stemStride << stage, channels: specification.width(stage),
                height: map.height, width: map.width)
        }
    }

    public func trace(height: Int, width: Int) throws -> ModelTrace.Node {
        _ = try specification.maps(height: height, width: width)
        let trace = ModelTrace(model: "HorNet")
        var shape: Shape = [1, height, width, specification.inputChannels]
        for (stage, blocks) in stages.enumerated() {
            try trace.enter("downsample_layers.\(stage)", stage == 0 ? "stem" : "downsample") {
                if stage == 0 {
                    shape = try stemNorm.trace(try stem.trace(shape, trace), trace)
                } else {
                    shape = try downsamples[stage - 1].trace(try downsampleNorms[stage - 1].trace(shape, trace), trace)
                }
                return (shape, 0)
            }
            try trace.enter("stages.\(stage)", "stage") {
                for block in blocks { shape = try block.trace(shape, trace) }
                return (shape, 0)
            }
        }
        let pooled = trace.enter("pool", "global average pool") { ([1, shape.columns], 0) }
        _ = try head.trace(try norm.trace(pooled, trace), trace)
        return trace.root
    }
}
