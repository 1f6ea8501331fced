import Autograd
import Layers
import Tensors

/// The layers of a two-stage detector: the first stage, which answers for all places of the maps, and what looks at regions.
/// Names are mmdetection's; first values are the style's.
package struct RegionHead: Head {
    static let path = "roi_head"
    static let proposalPath = "rpn_head"
    package let specification: RegionHeadSpecification
    package var classes: Int { specification.classes }
    private let proposals: ProposalLayers
    /// One for each stage.
    let boxes: [RegionBoxLayers]
    /// One for each stage, or none.
    let masks: [RegionMaskLayers]
    /// Of the maps that regions are cut out of: all but the coarsest, which is the first stage's alone.
    let strides: [Int]

    init(_ scope: Scope, _ specification: RegionHeadSpecification, taps: [FeatureTap], inputs: Int) {
        self.specification = specification
        strides = taps.dropLast().map(\.stride)
        proposals = ProposalLayers(
            scope[Self.proposalPath], inputs: inputs, channels: specification.channels ?? inputs,
            anchors: specification.anchors.perCell)
        func part(_ name: String, _ stage: Int) -> Scope {
            let scope = scope[Self.path][name]
            return specification.kind.isCascade ? scope[stage] : scope
        }
        boxes = (0..<specification.stages).map {
            RegionBoxLayers(part("bbox_head", $0), specification, inputs: inputs)
        }
        masks = (0..<(specification.answersMasks ? specification.stages : 0)).map {
            RegionMaskLayers(part("mask_head", $0), specification, inputs: inputs)
        }
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        let answers = features.maps.map { proposals($0, context) }
        return answers.map(\.objectness) + answers.map(\.deltas)
    }

    package func regions<S: Scalar>(
        _ features: Features<S>, _ context: Context<S>
    ) -> (any RegionAnswers<S>)? {
        MapRegions(head: self, maps: Array(features.maps.prefix(strides.count)), context: context)
    }

    /// The regions that the second stage is counted with.
    static let (countedBoxes, countedMasks) = (1000, 100)

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        try trace.levels(Self.proposalPath, "first stage", maps) { try proposals.trace($0, trace) }
        let channels = maps[0].columns
        try trace.enter(Self.path, "second stage") {
            for layers in boxes {
                let side = RegionBoxLayers.side
                try layers.trace([Self.countedBoxes, side, side, channels], trace)
            }
            for layers in masks {
                let side = RegionMaskLayers.side
                try layers.trace([Self.countedMasks, side, side, channels], trace)
            }
            return ([Self.countedBoxes, specification.scoreColumns], 0)
        }
    }
}

/// The first stage, a region proposal network (Ren et al., arXiv 1506.01497), shared by all levels.
private struct ProposalLayers: Sendable {
    private let convolution: Convolution
    private let objectness: Linear
    private let deltas: Linear

    init(_ scope: Scope, inputs: Int, channels: Int, anchors: Int) {
        let initializer = Initializer.normal(deviation: 0.01)
        convolution = Convolution(
            scope["rpn_conv"], inputs: inputs, outputs: channels, kernel: 3, padding: 1, initializer: initializer)
        objectness = Linear(
            scope["rpn_cls"], inputs: channels, outputs: anchors, layout: .pointwise, initializer: initializer)
        deltas = Linear(
            scope["rpn_reg"], inputs: channels, outputs: 4 * anchors, layout: .pointwise, initializer: initializer)
    }

    func callAsFunction<S: Scalar>(
        _ map: Variable<S>, _ context: Context<S>
    ) -> (objectness: Variable<S>, deltas: Variable<S>) {
        let seen = convolution(map, context)
        let activated = LayerPath.$current.withValue(convolution.path) { seen.relu() }
        return (objectness(activated, context), deltas(activated, context))
    }

    func trace(_ map: Shape, _ trace: ModelTrace) throws -> Shape {
        let seen = try convolution.trace(map, trace)
        _ = try deltas.trace(seen, trace)
        return try objectness.trace(seen, trace)
    }
}
