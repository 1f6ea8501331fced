// ResNet: the family's specification, its configuration keys and its layers; no other family is known here.

import Autograd
import Layers
import Tensors

/// ResNet (He et al., arXiv 1512.03385) and ResNeXt (Xie et al., arXiv 1611.05431); parameter names and shapes are torchvision's.
package struct ResNet: Backbone {
    package let specification: ResNetSpecification

    private let stem: Convolution
    private let stemNorm: BatchNorm
    private let stages: [[ResNetBlock]]

    /// The window of the maximum behind the large stem.
    private static let pool = Window(kernel: 3, stride: 2, padding: 1)

    init(_ scope: Scope, _ specification: ResNetSpecification) {
        self.specification = specification
        let base = specification.baseWidth
        let isLarge = specification.stem == .large
        stem = Convolution(
            scope["conv1"], inputs: specification.inputChannels, outputs: base, kernel: isLarge ? 7 : 3,
            stride: isLarge ? 2 : 1, padding: isLarge ? 3 : 1, bias: false, initializer: .kaimingNormalFanOut)
        stemNorm = BatchNorm(scope["bn1"], channels: base)
        var plans: [[ResNetBlockPlan]] = []
        var channels = base
        for (stage, depth) in specification.depths.enumerated() {
            plans.append(
                (0..<depth).map { j in
                    defer { channels = specification.width(stage) }
                    return ResNetBlockPlan(
                        stage: stage, index: j, inputs: channels, specification)
                })
        }
        let places = plans.flatMap { $0.flatMap(\.places) }
        let maker = ConvolutionMaker(scope, specification.kernels, places, initializer: .kaimingNormalFanOut)
        var first = 0
        var stages: [[ResNetBlock]] = []
        for (stage, plans) in plans.enumerated() {
            var blocks: [ResNetBlock] = []
            for (j, plan) in plans.enumerated() {
                blocks.append(ResNetBlock(scope["layer\(stage + 1)"][j], plan, maker, first: first))
                first += plan.places.count
            }
            stages.append(blocks)
        }
        self.stages = stages
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        var x = stemNorm(stem(images, context), context)
        x = LayerPath.$current.withValue("stem") {
            let activated = x.relu()
            guard specification.stem == .large else { return activated }
            return activated.maxPooled(kernel: 3, stride: 2, padding: 1)
        }
        var maps: [Variable<S>] = []
        for blocks in stages {
            for block in blocks { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            maps.append(x)
        }
        return Features(maps: maps)
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shape = try stemNorm.trace(try stem.trace(image, trace), trace)
        if specification.stem == .large {
            shape = trace.enter("maxpool", "max pool 3x3 / 2") {
                let size = Self.pool.outputSize(Pair(shape[1], shape[2]))
                return ([1, size.height, size.width, shape.columns], 0)
            }
        }
        return try stages.enumerated().map { stage, blocks in
            try trace.enter("layer\(stage + 1)", "stage") {
                for block in blocks { shape = try block.trace(shape, trace) }
                return (shape, 0)
            }
        }
    }
}
