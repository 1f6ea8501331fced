import Datasets
import Detection
import Foundation
import Tensors

/// The regions that a first stage proposes for an image, the surest first.
package struct Proposals: Sendable, Equatable {
    /// In pixels of the input.
    package var boxes: [Box] = []
    /// How sure the first stage is, 0...1.
    package var scores: [Double] = []

    /// None.
    package init() {}
}

extension ProposalRules {
    /// What is proposed for each image. No gradient flows through it.
    ///
    /// Of each level the surest anchors are moved and clipped to the image, and those of no extent left out; of those that
    /// overlap the surest ones stay; then come the surest of all levels together.
    func proposals<S: Scalar>(
        _ answer: ProposalAnswer<S>, _ anchors: AnchorGrid, _ visible: [Pair], _ limits: Limits
    ) -> [Proposals] {
        let levels = answer.levels.count
        let logits = answer.objectness.map(\.value)
        let deltas = answer.deltas.map(\.value)
        let kept = inParallel(answer.images * levels) { place in
            let (image, level) = (place / levels, place % levels)
            return candidates(
                logits[level], deltas[level], anchors.levels[level], image: image, visible[image], limits)
        }
        return visible.indices.map { merged(kept[$0 * levels..<($0 + 1) * levels], most: limits.most) }
    }

    /// Boxes with the logits that they are ranked by.
    private struct Ranked: Sendable {
        var boxes: [Box] = []
        var logits: [Double] = []
    }

    /// The regions of one level of one image.
    private func candidates<S: Scalar>(
        _ logits: Tensor<S>, _ deltas: Tensor<S>, _ anchors: [Box], image: Int, _ visible: Pair, _ limits: Limits
    ) -> Ranked {
        let coder = BoxCoder(style)
        let least = style == .torchvision ? 1e-3 : 0
        var found = Ranked()
        withElements(logits, deltas) { logits, deltas in
            let logits = UnsafeBufferPointer(start: logits + image * anchors.count, count: anchors.count)
            let deltas = deltas + 4 * image * anchors.count
            for index in Ranking.top(logits, limits.perLevel) {
                let box = coder.decode(SIMD4(reading: deltas + 4 * index), from: anchors[index]).clipped(to: visible)
                guard box.isLarge(least, style) else { continue }
                found.boxes.append(box)
                found.logits.append(Double(logits[index]))
            }
        }
        let best = Suppression.kept(found.boxes, found.logits, threshold: overlap, limit: limits.most)
        return Ranked(boxes: best.map { found.boxes[$0] }, logits: best.map { found.logits[$0] })
    }

    private func merged(_ levels: ArraySlice<Ranked>, most: Int) -> Proposals {
        let boxes = levels.flatMap(\.boxes)
        let logits = levels.flatMap(\.logits)
        var proposals = Proposals()
        for index in Ranking.top(logits, most) {
            proposals.boxes.append(boxes[index])
            proposals.scores.append(1 / (1 + exp(-logits[index])))
        }
        return proposals
    }
}

extension SIMD4<Double> {
    /// Four numbers in a row.
    init<S: Tensors.Scalar>(reading numbers: UnsafePointer<S>) {
        self.init(Double(numbers[0]), Double(numbers[1]), Double(numbers[2]), Double(numbers[3]))
    }
}

/// The results of a function for 0..<count, over all threads.
func inParallel<R: Sendable>(_ count: Int, _ body: (Int) -> R) -> [R] {
    if count == 0 { return [] }
    var results = [R?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { results in
        let places = Places(results)
        parallelFor(count, grain: 1) { part in
            for index in part { places.start[index] = body(index) }
        }
    }
    return results.compactMap { $0 }
}
