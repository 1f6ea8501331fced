import Autograd
import Datasets
import Detection
import Layers
import Tensors

extension StageBatch {
    /// The loss of masks: the binary cross-entropy of the logits of the object's own class, the mean over all cells of the
    /// regions of objects whose mask is known; 0 where there is none.
    func maskTerm(_ answers: any RegionAnswers<S>) -> DetectorLoss<S>.Term {
        let known = positives.filter { mask(of: $0) != nil }
        var boxes = [[Box]](repeating: [], count: targets.images.count)
        for positive in known { boxes[positive.image].append(positive.box) }
        let regions: Tensor<S> = known.isEmpty ? rules.placeholder() : rules.rows(boxes)
        let columns = { (count: Int) -> [Int32] in
            known.isEmpty ? [0] : known.map { Int32(rules.column(label(of: $0), of: count)) }
        }
        guard let logits = answers.masks(regions, stage: index, columns: columns) else {
            brokenRule("RegionRules", [regions.shape], "the head has no masks to train")
        }
        let loss = known.isEmpty ? logits.nothing : maskLoss(logits, known).scaled(by: S(stage.maskWeight))
        return .init(name("mask"), [loss], weight: stage.maskWeight)
    }

    private func label(of positive: Positive) -> Int { Int(targets.images[positive.image].labels[positive.object]) }

    private func mask(of positive: Positive) -> RunLengthMask? {
        let masks = targets.images[positive.image].masks
        return masks.indices.contains(positive.object) ? masks[positive.object] : nil
    }

    /// - Parameter logits: [P, h, w, 1].
    private func maskLoss(_ logits: Variable<S>, _ known: [Positive]) -> Variable<S> {
        let wanted = maskTargets(known, Pair(logits.shape[1], logits.shape[2]))
        return logits.reshaped(wanted.shape).binaryCrossEntropySum(wanted).scaled(by: 1 / S(wanted.elementCount))
    }

    /// What each cell of each region should say, [P h w, 1].
    private func maskTargets(_ known: [Positive], _ side: Pair) -> Tensor<S> {
        // An object is drawn once, whatever the number of its regions.
        var bitmaps: [[Int]: (pixels: [UInt8], size: Pair)] = [:]
        for positive in known where bitmaps[[positive.image, positive.object]] == nil {
            if let mask = mask(of: positive) {
                bitmaps[[positive.image, positive.object]] = visible(mask, targets.images[positive.image].visible)
            }
        }
        let target = MaskTarget(rules.style, side: side)
        let drawn = bitmaps
        let values = inParallel(known.count) { region -> [S] in
            guard let bitmap = drawn[[known[region].image, known[region].object]] else { return [] }
            return target.target(bitmap.pixels, bitmap.size, known[region].box).map { S($0) }
        }
        return Tensor([known.count * side.height * side.width, 1], values.flatMap { $0 })
    }

    /// The pixels of the image itself, so that targets at its edges do not depend on how it was padded.
    private func visible(_ mask: RunLengthMask, _ size: Pair) -> (pixels: [UInt8], size: Pair) {
        let (height, width) = (min(size.height, mask.size.height), min(size.width, mask.size.width))
        let bitmap = mask.bitmap
        if height == mask.size.height, width == mask.size.width { return (bitmap, mask.size) }
        let rows = (0..<height).flatMap { bitmap[$0 * mask.size.width..<$0 * mask.size.width + width] }
        return (rows, Pair(height, width))
    }
}
