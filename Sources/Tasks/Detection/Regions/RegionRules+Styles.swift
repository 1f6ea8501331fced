import Autograd
import Detection
import Models

extension RegionRules {
    /// The published rules of a head, but for what the keys say otherwise.
    /// - Parameter strides: of the maps that the head is given, in pixels of the input, from fine to coarse.
    package init(_ head: RegionHeadSpecification, strides: [Int], _ keys: DetectorLossKeys = DetectorLossKeys()) {
        var proposals = ProposalRules(anchors: head.anchors.rule(head.style, strides: strides))
        proposals.matcher.high = keys.high ?? proposals.matcher.high
        proposals.matcher.low = keys.low ?? proposals.matcher.low
        proposals.ignoresCrowds = keys.crowd == .ignore
        if keys.sampled == .max { proposals.sampler.count = nil }
        if head.stages > 1, head.style == .mmdetection {
            proposals.beta = 1.0 / 9
            proposals.border = 0
            proposals.training.most = 2000
        }
        self.init(
            proposals, stages: (0..<head.stages).map { RegionStage(head, $0, keys) }, classes: head.classes,
            answersMasks: head.answersMasks)
        sampler.count = keys.sampled == .max ? nil : keys.sampled
    }
}

extension RegionStage {
    /// What a cascade's stages divide encoded boxes by.
    private static let cascadeDeviations = [
        [0.1, 0.1, 0.2, 0.2], [0.05, 0.05, 0.1, 0.1], [0.033, 0.033, 0.067, 0.067],
    ]

    /// The published settings of one stage of a head, but for what the keys say otherwise.
    init(_ head: RegionHeadSpecification, _ index: Int, _ keys: DetectorLossKeys) {
        self.init()
        var weight = 1.0
        if head.stages > 1 {
            overlap = [0.5, 0.6, 0.7][index]
            deviations = Self.cascadeDeviations[index]
            weight = [1, 0.5, 0.25][index]
            boxLoss = .encoded(beta: 1)
            // HorNet's cascade: convolutions, boxes for each class, and a loss of decoded boxes.
            if head.box.convolutions > 0, !head.box.sharesBoxes { boxLoss = .decoded(.giou, epsilon: 1e-6) }
        } else if head.style == .torchvision {
            boxLoss = .encoded(beta: 1.0 / 9)
        } else {
            keepsBest = head.answersMasks
        }
        switch keys.box {
        case nil: if let beta = keys.beta, case .encoded = boxLoss { boxLoss = .encoded(beta: beta) }
        case .l1: boxLoss = .encoded(beta: 0)
        case .smoothL1: boxLoss = .encoded(beta: keys.beta ?? 1)
        case .iou: boxLoss = .decoded(.iou, epsilon: 1e-6)
        case .giou: boxLoss = .decoded(.giou, epsilon: 1e-6)
        case .diou: boxLoss = .decoded(.diou, epsilon: 1e-6)
        case .ciou: boxLoss = .decoded(.ciou, epsilon: 1e-6)
        }
        // One minus a measure is a tenth of what a distance of encoded boxes is, or so.
        var boxScale = 1.0
        if case .decoded = boxLoss { boxScale = 10 }
        (classWeight, boxWeight, maskWeight) = (
            weight * keys.classWeight, weight * boxScale * keys.boxWeight, weight
        )
    }
}
