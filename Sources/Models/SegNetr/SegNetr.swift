import Autograd
import Layers
import Tensors

/// The encoder of a SegNetr. Between stages the four pixels of each cell are put beside each other, which loses nothing,
/// and a linear layer halves the channels.
package struct SegNetr: Backbone {
    package let specification: SegNetrSpecification

    private struct Stage {
        let merge: Linear
        let block: SegNetrBlock
    }
    private let stem: MobileConvolution
    private let stages: [Stage]
    private let bottleneck: MobileConvolution

    init(_ scope: Scope, _ specification: SegNetrSpecification) {
        self.specification = specification
        let widths = specification.widths
        stem = MobileConvolution(scope["stem"], inputs: specification.inputChannels, outputs: widths[0])
        stages = widths.indices.dropFirst().map { level in
            let part = scope["stages"][level - 1]
            return Stage(
                merge: Linear(
                    part["merge"], inputs: 4 * widths[level - 1], outputs: widths[level], initializer: .uniformFanIn),
                block: SegNetrBlock(
                    part["block"], inputs: widths[level], outputs: widths[level],
                    patch: SegNetrSpecification.patch(stride: 1 << level), globalBranch: specification.globalBranch))
        }
        bottleneck = MobileConvolution(scope["bottleneck"], inputs: widths[4], outputs: 2 * widths[4])
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        var maps = [stem(images, context)]
        for stage in stages {
            let merged = LayerPath.$current.withValue(stage.block.path) {
                maps[maps.count - 1].spaceToDepth(2, .positionMajor)
            }
            maps.append(
                context.checkpointed(stage.merge(merged, context), at: stage.block.path) { stage.block($0, $1) })
        }
        maps[maps.count - 1] = bottleneck(maps[maps.count - 1], context)
        return Features(maps: maps)
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shapes = [try stem.trace(image, trace)]
        for (index, stage) in stages.enumerated() {
            let map = shapes[shapes.count - 1]
            shapes.append(
                try trace.enter("stages.\(index)", "stage") {
                    let merged: Shape = [map[0], map[1] / 2, map[2] / 2, 4 * map.columns]
                    return (try stage.block.trace(try stage.merge.trace(merged, trace), trace), 0)
                })
        }
        shapes[shapes.count - 1] = try bottleneck.trace(shapes[shapes.count - 1], trace)
        return shapes
    }
}
