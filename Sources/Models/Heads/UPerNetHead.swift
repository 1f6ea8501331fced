import Autograd
import Layers
import Tensors

/// The layers of a UPerNet head; parameter names and first values are mmsegmentation's. The answer is the logits at the
/// finest map's resolution and, in training, those of the auxiliary head at its map's.
package struct UPerNetHead: Head {
    package let specification: UPerNetHeadSpecification
    package var classes: Int { specification.classes }

    private let pools: [ConvolutionBlock]
    private let bottleneck: ConvolutionBlock
    private let laterals: [ConvolutionBlock]
    private let outputs: [ConvolutionBlock]
    private let fusion: any Layer
    private let classifier: PixelClassifier
    private let auxiliaryHead: FullyConvolutional?

    init(_ root: Scope, _ specification: UPerNetHeadSpecification, inputs: [Int]) throws {
        self.specification = specification
        let (channels, scope) = (specification.channels, root[DenseNames.head])
        func block(_ scope: Scope, _ inputs: Int, kernel: Int) -> ConvolutionBlock {
            ConvolutionBlock(
                scope, convolution: "conv", norm: "bn", inputs: inputs, outputs: channels, kernel: Pair(kernel),
                padding: Pair(kernel / 2), initializer: .kaimingNormalFanOut)
        }
        let coarsest = inputs[inputs.count - 1]
        // The second part of each of mmsegmentation's sequences; the first is the pooling.
        pools = specification.poolScales.indices.map { block(scope["psp_modules"][$0][1], coarsest, kernel: 1) }
        bottleneck = block(scope["bottleneck"], coarsest + channels * specification.poolScales.count, kernel: 3)
        laterals = inputs.dropLast().enumerated().map { block(scope["lateral_convs"][$0], $1, kernel: 1) }
        outputs = inputs.dropLast().indices.map { block(scope["fpn_convs"][$0], channels, kernel: 3) }
        fusion = try specification.fusion.layer(
            scope["fpn_bottleneck"], inputs: channels * inputs.count, outputs: channels, normalizes: true,
            filter: specification.filter, initializer: .kaimingNormalFanOut)
        classifier = PixelClassifier(
            scope, inputs: channels, classes: specification.classes, dropout: specification.dropout)
        auxiliaryHead =
            specification.auxiliary
            ? try FullyConvolutional(
                root[DenseNames.auxiliary], inputs: inputs[inputs.count - 2], channels: specification.auxiliaryChannels,
                classes: specification.classes, dropout: specification.dropout) : nil
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        let maps = features.maps
        var sums = zip(laterals, maps).map { $0($1, context) } + [pooled(maps[maps.count - 1], context)]
        inHead {
            for level in sums.indices.dropFirst().reversed() {
                sums[level - 1] = sums[level - 1] + sums[level].resized(like: sums[level - 1])
            }
        }
        // The coarsest level has been convolved behind the pooling.
        let levels = zip(outputs, sums).map { $0($1, context) } + [sums[sums.count - 1]]
        let resized = inHead { levels.map { $0.resized(like: levels[0]) } }
        // A convolution reads the levels where they are.
        let fused =
            (fusion as? ConvolutionBlock)?(joining: resized, context)
            ?? fusion(inHead { .concatenated(resized) }, context)
        let main = classifier(fused, context)
        guard context.isTraining, let second = auxiliary(features, context) else { return [main] }
        return [main, second]
    }

    /// What the auxiliary head says in either mode, where there is one.
    package func auxiliary<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> Variable<S>? {
        auxiliaryHead?(features.maps[features.maps.count - 2], context)
    }

    /// Pyramid pooling (Zhao et al., arXiv 1612.01105): the map beside its means over ever smaller parts.
    private func pooled<S: Scalar>(_ map: Variable<S>, _ context: Context<S>) -> Variable<S> {
        var parts = [map]
        for (layer, side) in zip(pools, specification.poolScales) {
            let means = inHead { map.averagePooled(to: Pair(side)) }
            let convolved = layer(means, context)
            parts.append(inHead { convolved.resized(like: map) })
        }
        return bottleneck(joining: parts, context)
    }

    private func inHead<T>(_ body: () -> T) -> T { LayerPath.$current.withValue(DenseNames.head, operation: body) }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        let channels = specification.channels
        try trace.enter(DenseNames.head, "UPerNet head") {
            let coarsest = maps[maps.count - 1]
            for (index, (layer, side)) in zip(pools, specification.poolScales).enumerated() {
                try trace.enter("psp_modules.\(index)", "mean over \(side)x\(side) parts") {
                    (try layer.trace([coarsest[0], side, side, coarsest.columns], trace).sized(like: coarsest), 0)
                }
            }
            let stacked = coarsest.replacing(axis: -1, with: coarsest.columns + channels * pools.count)
            try part("bottleneck", trace) { try bottleneck.trace(stacked, trace) }
            for level in laterals.indices {
                let sum = try part("lateral_convs.\(level)", trace) { try laterals[level].trace(maps[level], trace) }
                try part("fpn_convs.\(level)", trace) { try outputs[level].trace(sum, trace) }
            }
            let levels = maps[0].replacing(axis: -1, with: channels * maps.count)
            let fused = try part("fpn_bottleneck", trace) { try fusion.trace(levels, trace) }
            return (try classifier.trace(fused, trace), 0)
        }
        guard let auxiliaryHead else { return }
        try trace.enterForTraining(DenseNames.auxiliary, "FCN head") {
            try auxiliaryHead.trace(maps[maps.count - 2], trace)
        }
    }

    @discardableResult
    private func part(_ name: String, _ trace: ModelTrace, _ body: () throws -> Shape) rethrows -> Shape {
        try trace.enter(name, "part") { (try body(), 0) }
    }
}
