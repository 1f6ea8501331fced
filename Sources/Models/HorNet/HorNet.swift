// HorNet: the family's specification, its variants, its configuration keys and its layers; no other family is known
// here.

import Autograd
import Layers
import Tensors

/// HorNet, the vision backbone of recursive gated convolutions (Rao et al., arXiv 2207.14284): a stem and four stages of
/// blocks with halving maps. Parameter names and shapes are those of the official PyTorch code.
package struct HorNet: Backbone {
    /// With every filter size filled in.
    package let specification: HorNetSpecification

    private let stem: Convolution
    private let stemNorm: LayerNorm
    private let downsampleNorms: [LayerNorm]
    private let downsamples: [Convolution]
    private let stages: [[HorNetBlock]]

    init(_ scope: Scope, _ specification: HorNetSpecification) throws {
        self.specification = specification
        let initializer = specification.initializer
        let base = specification.baseWidth
        let downsample = scope["downsample_layers"]
        let stride = specification.stemStride
        stem = Convolution(
            downsample[0][0], inputs: specification.inputChannels, outputs: base,
            kernel: stride == 1 ? 3 : Pair(stride, stride), stride: Pair(stride, stride), padding: stride == 1 ? 1 : 0,
            initializer: initializer)
        stemNorm = LayerNorm(downsample[0][1], channels: base)
        var norms: [LayerNorm] = []
        var convolutions: [Convolution] = []
        for stage in specification.depths.indices.dropFirst() {
            let inputs = specification.width(stage - 1)
            norms.append(LayerNorm(downsample[stage][0], channels: inputs))
            convolutions.append(
                Convolution(
                    downsample[stage][1], inputs: inputs, outputs: specification.width(stage), kernel: 2, stride: 2,
                    initializer: initializer))
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
                        scope["stages"][stage][j], channels: specification.width(stage),
                        order: specification.orders[stage], mixer: mixer, gateScale: specification.gateScale,
                        layerScale: specification.layerScale,
                        dropRate: dropRate(specification.dropPath, block: block, of: total), initializer: initializer)
                })
        }
        self.stages = stages
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        var x = stemNorm(stem(images, context), context)
        var maps: [Variable<S>] = []
        for (stage, blocks) in stages.enumerated() {
            if stage > 0 { x = downsamples[stage - 1](downsampleNorms[stage - 1](x, context), context) }
            for block in blocks { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            maps.append(x)
        }
        return Features(maps: maps)
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shape = image
        return try stages.enumerated().map { stage, blocks in
            try trace.enter("downsample_layers.\(stage)", stage == 0 ? "stem" : "downsample") {
                if stage == 0 {
                    shape = try stemNorm.trace(try stem.trace(shape, trace), trace)
                } else {
                    shape = try downsamples[stage - 1].trace(try downsampleNorms[stage - 1].trace(shape, trace), trace)
                }
                return (shape, 0)
            }
            return try trace.enter("stages.\(stage)", "stage") {
                for block in blocks { shape = try block.trace(shape, trace) }
                return (shape, 0)
            }
        }
    }
}
