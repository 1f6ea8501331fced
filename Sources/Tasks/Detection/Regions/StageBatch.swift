import Autograd
import Datasets
import Detection
import Layers
import Tensors

/// The regions of a batch that one stage is trained with, and what its answer to them costs.
struct StageBatch<S: Scalar> {
    /// A region that is of an object.
    struct Positive {
        /// Of the answer.
        let row: Int
        let box: Box
        let image: Int
        let object: Int
    }

    let rules: RegionRules
    /// Which stage it is, from 0.
    let index: Int
    let targets: InstanceTargets
    private let samples: [RegionSample]
    /// The class of each region, nil for the background.
    private let labels: [Int?]
    let positives: [Positive]

    init(_ rules: RegionRules, _ index: Int, _ samples: [RegionSample], _ targets: InstanceTargets) {
        (self.rules, self.index, self.samples, self.targets) = (rules, index, samples, targets)
        var labels: [Int?] = []
        var positives: [Positive] = []
        for (image, sample) in samples.enumerated() {
            for (box, object) in zip(sample.boxes, sample.objects) {
                if let object {
                    positives.append(Positive(row: labels.count, box: box, image: image, object: object))
                }
                labels.append(object.map { Int(targets.images[image].labels[$0]) })
            }
        }
        (self.labels, self.positives) = (labels, positives)
    }

    var stage: RegionStage { rules.stages[index] }

    /// [R, 5], one row at least.
    var regions: Tensor<S> { labels.isEmpty ? rules.placeholder() : rules.rows(samples.map(\.boxes)) }

    /// What the log calls a loss of this stage.
    func name(_ part: String) -> String { index == 0 ? part : "\(part).\(index)" }

    /// The share of regions whose class is right.
    func rightShare(_ logits: Tensor<S>) -> Double {
        if labels.isEmpty { return 0 }
        let answers = logits.argmax()
        return Double(labels.indices.count { answers[$0] == rules.column(labels[$0]) }) / Double(labels.count)
    }

    /// The cross-entropy of the classes, the mean over all regions.
    func classTerm(_ logits: Variable<S>) -> DetectorLoss<S>.Term {
        let loss =
            labels.isEmpty
            ? logits.nothing
            : logits.crossEntropy(labels: labels.map { Int32(rules.column($0)) }).scaled(by: S(stage.classWeight))
        return .init(name("class"), [loss], weight: stage.classWeight)
    }

    /// How far boxes are from their objects: the sum over the regions of objects, of the box of the object's class, divided by
    /// the number of all regions.
    func boxTerm(_ deltas: Variable<S>) -> DetectorLoss<S>.Term {
        let loss =
            positives.isEmpty
            ? deltas.nothing : boxDistance(deltas).scaled(by: S(stage.boxWeight / Double(labels.count)))
        return .init(name("box"), [loss], weight: stage.boxWeight)
    }

    private func boxDistance(_ deltas: Variable<S>) -> Variable<S> {
        let width = deltas.shape.columns / 4
        let rows = positives.map { positive in
            Int32(positive.row * width + rules.column(labels[positive.row] ?? 0, of: width))
        }
        let chosen = deltas.reshaped([deltas.shape[0] * width, 4]).rows(rows)
        let wanted = positives.map { targets.images[$0.image].boxes[$0.object] }
        let coder = BoxCoder(rules.style, deviations: stage.deviations)
        switch stage.boxLoss {
        case .encoded(let beta):
            let numbers = coder.encode(wanted, from: positives.map(\.box))
            return chosen.smoothL1(Tensor([wanted.count, 4], numbers.map { S($0) }), beta: beta)
        case .decoded(let measure, let epsilon):
            return chosen.decodedBoxes(
                sides(positives.map(\.box)), deviations: stage.deviations, clampsSmall: coder.clampsSmall
            ).boxLoss(sides(wanted), kind: measure, epsilon: epsilon)
        }
    }

    /// [R, 4].
    private func sides(_ boxes: [Box]) -> Tensor<S> {
        Tensor([boxes.count, 4], boxes.flatMap { [S($0.left), S($0.top), S($0.right), S($0.bottom)] })
    }

    /// Where the regions of each image go next: all of them moved as the answer says, clipped, but for those that had been
    /// added to the proposals. No gradient flows on.
    func refined(_ logits: Tensor<S>, _ deltas: Tensor<S>) -> [[Box]] {
        if labels.isEmpty { return samples.map { _ in [] } }
        let classes = rules.foreground(logits)
        var next = 0
        return samples.enumerated().map { image, sample in
            let first = next
            next += sample.boxes.count
            return sample.boxes.indices.filter { !sample.isTruth[$0] }.map { region in
                let row = first + region
                return rules.moved(
                    sample.boxes[region], deltas, row: row, label: labels[row] ?? classes[row], stage,
                    targets.images[image].visible) ?? sample.boxes[region]
            }
        }
    }
}
