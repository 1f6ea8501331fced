// MobileNetV2: the family's specification, its configuration keys and its layers; no other family is known here.

import Autograd
import Layers
import Tensors

/// MobileNetV2 (Sandler et al., arXiv 1801.04381); parameter names and shapes are torchvision's. Stem and norms stay as they
/// are where kernels adapt to the image.
package struct MobileNetV2: Backbone {
    package let specification: MobileNetV2Specification

    private let stem: Convolution
    private let stemNorm: BatchNorm
    private let blocks: [InvertedResidual]
    private let last: any Layer
    private let lastNorm: BatchNorm

    init(_ scope: Scope, _ specification: MobileNetV2Specification) {
        self.specification = specification
        let features = scope["features"]
        let base = specification.stemChannels
        stem = Convolution(
            features[0][0], inputs: specification.inputChannels, outputs: base, kernel: 3,
            stride: specification.stem == .large ? 2 : 1, padding: 1, bias: false, initializer: .kaimingNormalFanOut)
        stemNorm = BatchNorm(features[0][1], channels: base)
        var channels = base
        var plans: [[ConvolutionShape]] = []
        for group in specification.groups {
            for index in 0..<group.blocks {
                plans.append(
                    InvertedResidual.shapes(
                        inputs: channels, hidden: channels * group.expansion, outputs: group.channels,
                        stride: index == 0 ? group.stride : 1))
                channels = group.channels
            }
        }
        let end = ConvolutionShape(inputs: channels, outputs: specification.lastChannels, kernel: 1)
        let places = (plans.flatMap { $0 } + [end]).map { ConvolutionMaker.Place(shape: $0, warehouse: 0) }
        let maker = ConvolutionMaker(scope, specification.kernels, places, initializer: .kaimingNormalFanOut)
        var first = 0
        var blocks: [InvertedResidual] = []
        for (number, shapes) in plans.enumerated() {
            blocks.append(
                InvertedResidual(features[number + 1], shapes, activation: .relu6) { maker.make($0, first + $1) })
            first += shapes.count
        }
        self.blocks = blocks
        let ending = features[plans.count + 1]
        last = maker.make(ending[0], first)
        lastNorm = BatchNorm(ending[1], channels: specification.lastChannels)
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        let begin = stemNorm(stem(images, context), context)
        var x = LayerPath.$current.withValue("features.0") { begin.relu6() }
        var maps: [Variable<S>] = []
        var rest = blocks[...]
        for (stage, depth) in specification.depths.enumerated() {
            for block in rest.prefix(depth) { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            rest = rest.dropFirst(depth)
            if stage == specification.depths.count - 1 {
                let end = lastNorm(last(x, context), context)
                x = LayerPath.$current.withValue("features.\(blocks.count + 1)") { end.relu6() }
            }
            maps.append(x)
        }
        return Features(maps: maps)
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shape = try trace.enter("features.0", "stem") {
            (try stemNorm.trace(try stem.trace(image, trace), trace), 0)
        }
        var rest = blocks[...]
        return try specification.depths.enumerated().map { stage, depth in
            try trace.enter("stage\(stage)", "stage") {
                for block in rest.prefix(depth) { shape = try block.trace(shape, trace) }
                rest = rest.dropFirst(depth)
                if stage == specification.depths.count - 1 {
                    shape = try lastNorm.trace(try last.trace(shape, trace), trace)
                }
                return (shape, 0)
            }
        }
    }
}
