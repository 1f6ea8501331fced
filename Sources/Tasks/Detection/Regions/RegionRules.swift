import Autograd
import Datasets
import Detection
import Layers
import Tensors

/// The rules of two-stage detectors: Faster R-CNN (Ren et al., arXiv 1506.01497), Mask R-CNN (He et al., arXiv 1703.06870)
/// and their cascades (Cai and Vasconcelos, arXiv 1906.09756). A first stage proposes regions; a second one, or several one
/// after the other, says of each what it is, how its box moves, and which of its cells are the object's.
package struct RegionRules: DetectorRules {
    /// How the answers of several stages are put together.
    package enum Ensemble: String, Sendable, CaseIterable {
        /// The mean of the logits (mmdetection).
        case logits
        /// The mean of the probabilities.
        case probabilities
    }

    /// The first stage.
    package var proposals: ProposalRules
    /// What follows, one after the other.
    package var stages: [RegionStage]
    /// Without the background.
    package let classes: Int
    package let answersMasks: Bool
    /// Which regions of an image a stage is trained with.
    package var sampler = Sampler(count: 512, fraction: 0.25)
    /// How the classes of several stages are put together in evaluation.
    package var ensemble = Ensemble.logits

    var style: DetectorStyle { proposals.style }

    /// - Parameters:
    ///   - proposals: the first stage.
    ///   - stages: what follows, one after the other, one at least.
    ///   - classes: without the background.
    package init(_ proposals: ProposalRules, stages: [RegionStage], classes: Int, answersMasks: Bool) {
        require(!stages.isEmpty && classes > 0, "RegionRules", "there must be a stage and a class")
        (self.proposals, self.stages, self.classes) = (proposals, stages, classes)
        self.answersMasks = answersMasks
    }

    @specialized(where S == Float)
    package func loss<S: Scalar>(
        _ output: ModelOutput<S>, _ targets: InstanceTargets, _ context: DetectionContext
    ) -> DetectorLoss<S> {
        steps(output, targets, context).loss
    }

    /// The column of a class, nil for the background, among logits [R, K + 1]: the background stands first by torchvision's
    /// rules and last by mmdetection's.
    func column(_ label: Int?) -> Int {
        switch style {
        case .torchvision: label.map { $0 + 1 } ?? 0
        case .mmdetection: label ?? classes
        }
    }

    /// The column of a class where there are `count`: one for all classes, one for each, or one for the background as well.
    func column(_ label: Int, of count: Int) -> Int {
        switch count {
        case classes: label
        case 1: 0
        default: column(label)
        }
    }

    /// Regions of several images as rows [R, 5]: the image, then the box.
    func rows<S: Scalar>(_ boxes: [[Box]]) -> Tensor<S> {
        Tensor([boxes.reduce(0) { $0 + $1.count }, 5]) { output in
            var next = output
            for (image, boxes) in boxes.enumerated() {
                for box in boxes {
                    next[0] = S(image)
                    for (side, place) in [box.left, box.top, box.right, box.bottom].enumerated() {
                        next[side + 1] = S(place)
                    }
                    next += 5
                }
            }
        }
    }

    /// A region that counts for nothing, [1, 5]: where there is none to ask about, layers have something to do nevertheless
    /// and get gradients of zero.
    func placeholder<S: Scalar>() -> Tensor<S> { Tensor([1, 5], [0, 0, 0, 1, 1]) }

    /// The surest class of each row beside the background; the first one where several are.
    func foreground<S: Scalar>(_ logits: Tensor<S>) -> [Int] {
        logits.read { values in
            (0..<logits.shape[0]).map { row in
                let row = values + row * (classes + 1)
                var best = 0
                for label in 1..<classes where row[column(label)] > row[column(best)] { best = label }
                return best
            }
        }
    }

    /// A region's box, moved as the answer to its row says for a class, clipped to the image; nil where the answer is no
    /// number.
    func moved<S: Scalar>(
        _ box: Box, _ deltas: Tensor<S>, row: Int, label: Int, _ stage: RegionStage, _ visible: Pair
    ) -> Box? {
        let width = deltas.shape.columns / 4
        let numbers = deltas.read { SIMD4(reading: $0 + 4 * (row * width + column(label, of: width))) }
        let moved = BoxCoder(style, deviations: stage.deviations).decode(numbers, from: box)
        return moved.isFinite ? moved.clipped(to: visible) : nil
    }
}
