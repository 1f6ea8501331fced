import Autograd
import Datasets
import Detection
import Layers
import Models
import Tasks
import Tensors

/// Boxes by their sides.
func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> Box {
    Box(left: left, top: top, right: right, bottom: bottom)
}

/// An image of a batch with objects.
func target(
    _ boxes: [Box], _ labels: [Int32], masks: [RunLengthMask?] = [], visible: Pair = 32
) -> InstanceTarget {
    InstanceTarget(
        boxes: boxes, labels: labels, masks: masks, visible: visible,
        located: LocatedInstances(identifier: 0, original: Instances(size: visible, items: [])))
}

/// What a head says of regions, whatever they are: the same of all of them.
struct SteadyAnswers<S: Scalar>: RegionAnswers {
    /// For each stage the logits [K + 1] and the moves of boxes [4 n].
    var stageAnswers: [(classes: Variable<S>, deltas: Variable<S>)]
    /// The logits of masks [C].
    var masks: Variable<S>?
    /// Cells of a mask in a row.
    var side = 2
    /// Called with every question.
    var asked: (Tensor<S>) -> Void = { _ in }

    var stages: Int { stageAnswers.count }

    func boxes(_ regions: Tensor<S>, stage: Int) -> (classes: Variable<S>, deltas: Variable<S>) {
        asked(regions)
        let (classes, deltas) = stageAnswers[stage]
        return (spread(classes, [regions.shape[0]]), spread(deltas, [regions.shape[0]]))
    }

    func masks(_ regions: Tensor<S>, stage: Int) -> Variable<S>? {
        masks.map { spread($0, [regions.shape[0], side, side]) }
    }

    private func spread(_ row: Variable<S>, _ leading: [Int]) -> Variable<S> {
        Variable(Tensor(Shape(leading + [row.shape.columns]), repeating: 0)) + row
    }
}

/// A detector with one map of 4 x 4 places, 8 pixels apart, each with one square anchor of 8 pixels.
struct RegionScene {
    var style = DetectorStyle.mmdetection
    var kind = RegionHeadSpecification.Kind.maskRcnn
    var classes = 2
    var keys = DetectorLossKeys()

    var head: RegionHeadSpecification {
        RegionHeadSpecification(
            classes: classes, kind: kind, style: style, anchors: AnchorShape(scale: 1, octaves: 1, ratios: [1]))
    }

    /// Rules that take every candidate.
    var rules: RegionRules {
        var keys = keys
        keys.sampled = .max
        return RegionRules(head, strides: [8], keys)
    }

    /// The first stage's answer: an objectness for each of 16 places of each image, and anchors that stay where they are.
    func answer<S: Scalar>(_ objectness: [[S]]) -> [Variable<S>] {
        [
            Variable(Tensor([objectness.count, 4, 4, 1], objectness.flatMap { $0 })),
            Variable(Tensor([objectness.count, 4, 4, 4], repeating: 0)),
        ]
    }

    /// Places that are no object but for some.
    func objectness(_ places: [Int: Double] = [:]) -> [Double] { (0..<16).map { places[$0] ?? -20 } }
}
