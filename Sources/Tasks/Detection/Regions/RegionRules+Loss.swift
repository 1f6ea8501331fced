import Autograd
import Datasets
import Detection
import Layers
import Tensors

extension RegionRules {
    /// A loss and what was chosen on the way to it.
    package struct Steps<S: Scalar> {
        /// Of each image, what each anchor is of, as `Matcher` tells.
        package let matches: [[Int32]]
        /// What the first stage proposes for each image.
        package let proposals: [Proposals]
        /// The regions that each stage was trained with, image by image.
        package fileprivate(set) var samples: [[RegionSample]] = []
        /// The share of each stage's regions whose class is right, the background among them.
        package fileprivate(set) var rightShares: [Double] = []
        package fileprivate(set) var loss: DetectorLoss<S>
    }

    /// The loss of a batch, step by step.
    package func steps<S: Scalar>(
        _ output: ModelOutput<S>, _ targets: InstanceTargets, _ context: DetectionContext
    ) -> Steps<S> {
        let regions = secondStage(output)
        let answer = ProposalAnswer(output.answer)
        let anchors = AnchorGrid(proposals.anchors, answer.objectness, input: targets.size)
        func keys(_ stage: Int) -> [RandomKey] {
            targets.images.indices.map { context.key.derived("proposals", context.first + $0, stage) }
        }
        let visible = targets.images.map(\.visible)
        let matches = proposals.matches(anchors, targets)
        let first = proposals.loss(answer, anchors, matches, targets, keys: keys(0))
        var steps = Steps<S>(
            matches: matches, proposals: proposals.proposals(answer, anchors, visible, proposals.training),
            loss: DetectorLoss([.init("objectness", first.classes), .init("proposals", first.boxes)]))
        let sampling = RegionSampling(style: style, sampler: sampler)
        var boxes = steps.proposals.map(\.boxes)
        for (index, stage) in stages.enumerated() {
            let keys = keys(index + 1)
            let samples = inParallel(boxes.count) { image in
                let target = targets.images[image]
                return sampling(
                    boxes[image], target.boxes, crowds: proposals.ignoresCrowds ? target.crowds : [], stage,
                    keys[image])
            }
            let batch = StageBatch<S>(self, index, samples, targets)
            answer.objectness[0].tape?.profile?.note(.assignment)
            let (classes, deltas) = regions.boxes(batch.regions, stage: index)
            steps.samples.append(samples)
            steps.rightShares.append(batch.rightShare(classes.value))
            steps.loss.terms += [batch.classTerm(classes), batch.boxTerm(deltas)]
            if answersMasks { steps.loss.terms.append(batch.maskTerm(regions)) }
            if index + 1 < stages.count { boxes = batch.refined(classes.value, deltas.value) }
        }
        return steps
    }

    func secondStage<S: Scalar>(_ output: ModelOutput<S>) -> any RegionAnswers<S> {
        guard let regions = output.regions else {
            brokenRule("RegionRules", output.answer.map(\.shape), "the model has nothing to say about regions")
        }
        return regions
    }
}
