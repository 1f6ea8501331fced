import Autograd
import Tensors

/// What is minimised over pixels: a loss of each pixel, and perhaps losses of whole regions beside it.
struct SegmentationLoss {
    private let configuration: SegmentationConfiguration
    private let classWeights: [Double]

    init(_ configuration: SegmentationConfiguration, _ classWeights: [Double]) {
        (self.configuration, self.classWeights) = (configuration, classWeights)
    }

    /// The whole loss of scores [N, h, w, K], brought to the masks' size, and its parts.
    func callAsFunction(_ scores: Variable<Float>, _ masks: Masks) -> (Variable<Float>, [TaskLoss.Term]) {
        let large = resized(scores, masks)
        var total = pixels(large, masks)
        var terms = [term(configuration.kind.rawValue, total, 1)]
        func add(_ name: String, _ weight: Double, _ value: () -> Variable<Float>) {
            guard weight > 0 else { return }
            let value = value()
            terms.append(term(name, value, weight))
            total = total + value.scaled(by: Float(weight))
        }
        add("dice", configuration.diceWeight) { large.softDice(masks.labels, ignored: masks.ignored) }
        add("lovasz", configuration.lovaszWeight) { large.lovaszSoftmax(masks.labels, ignored: masks.ignored) }
        return (total, terms)
    }

    private func term(_ name: String, _ value: Variable<Float>, _ weight: Double) -> TaskLoss.Term {
        let raw = Double(value.value.item)
        return TaskLoss.Term(name: name, raw: raw, weighted: weight * raw)
    }

    /// The loss of each pixel alone, as an auxiliary head has it.
    func pixelLoss(_ scores: Variable<Float>, _ masks: Masks) -> Variable<Float> {
        pixels(resized(scores, masks), masks)
    }

    /// By what the loss of each pixel alone is divided; nil where the answer decides it.
    func divisor(_ masks: Masks) -> Double? {
        var counts = [Int](repeating: 0, count: 256)
        for label in masks.labels { counts[Int(label)] += 1 }
        counts[Int(masks.ignored)] = 0
        switch configuration.kind {
        case .hardExamples: return nil
        case .binary: return Double(counts.reduce(0, +))
        case .crossEntropy, .focal:
            guard !classWeights.isEmpty else { return Double(counts.reduce(0, +)) }
            return zip(counts, classWeights).reduce(0) { $0 + Double($1.0) * $1.1 }
        }
    }

    private func resized(_ scores: Variable<Float>, _ masks: Masks) -> Variable<Float> {
        if scores.shape[1] == masks.size.height && scores.shape[2] == masks.size.width { return scores }
        return scores.resized(
            height: masks.size.height, width: masks.size.width, .bilinear(alignCorners: false))
    }

    private func pixels(_ scores: Variable<Float>, _ masks: Masks) -> Variable<Float> {
        let (labels, ignored) = (masks.labels, masks.ignored)
        switch configuration.kind {
        case .crossEntropy:
            return scores.pixelCrossEntropy(
                labels, ignored: ignored, classWeights: classWeights, smoothing: configuration.labelSmoothing)
        case .focal:
            return scores.pixelFocal(
                labels, ignored: ignored, gamma: configuration.focalGamma, classWeights: classWeights)
        case .hardExamples:
            return scores.hardPixelCrossEntropy(
                labels, ignored: ignored, classWeights: classWeights, threshold: configuration.hardThreshold,
                least: max(1, Int((configuration.hardShare * Double(labels.count)).rounded())))
        case .binary:
            // The two scores' difference is the logit of the second class.
            let parts = scores.split(channels: [1, 1])
            return (parts[1] - parts[0]).binaryPixelCrossEntropy(
                labels, ignored: ignored,
                positiveWeight: classWeights.count == 2 && classWeights[0] > 0 ? classWeights[1] / classWeights[0] : 1)
        }
    }
}
