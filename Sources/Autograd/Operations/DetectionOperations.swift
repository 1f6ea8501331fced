import Tensors

// The signatures of the operations of detection, for those who build on them; each moves to a file of its own.

/// What `boxLoss` measures.
public enum BoxMeasure: String, Sendable, CaseIterable { case iou, giou, diou, ciou }

extension Variable {
    /// x = self [N, H, W, C]; weight as for `convolution`; offsets [N, h, w, offsetGroups kh kw 2] (per group and tap dy,
    /// dx); mask [N, h, w, offsetGroups kh kw] or nil -> [N, h, w, out].
    public func deformableConvolution(
        _ weight: Variable, _ bias: Variable? = nil, offsets: Variable, mask: Variable? = nil, stride: Pair = 1,
        padding: Pair = 0, dilation: Pair = 1, groups: Int = 1, offsetGroups: Int = 1
    ) -> Variable { fatalError() }

    /// self = maps [N, H, W, C]; regions [R, 5]: row of the batch, left, top, right, bottom in pixels, times `scale` for
    /// the map -> [R, size.height, size.width, C]. `samples` 0: adaptive.
    public func regionAligned(_ regions: Tensor<S>, size: Pair, scale: Double, samples: Int, aligned: Bool) -> Variable {
        fatalError()
    }

    /// self [N, .., C]; scale and shift [C].
    public func groupNorm(groups: Int, scale: Variable, shift: Variable, epsilon: Double = 1e-5) -> Variable {
        fatalError()
    }

    /// logits [R, K]; one label per row: a class, -1 for none (all targets zero), -2 for a row that counts for nothing.
    /// The SUM over all elements, []. A negative alpha: no balance.
    public func sigmoidFocal(_ labels: [Int32], alpha: Double = 0.25, gamma: Double = 2) -> Variable { fatalError() }

    /// The SUM over all elements, []. A beta of 0 is L1. Weights have the shape of self, or are one per row [rows, 1].
    public func smoothL1(_ targets: Tensor<S>, beta: Double, weights: Tensor<S>? = nil) -> Variable { fatalError() }

    /// Binary cross-entropy with logits, the SUM over all elements, []; targets in 0...1 of self's shape. Weights as above.
    public func binaryCrossEntropySum(_ targets: Tensor<S>, weights: Tensor<S>? = nil) -> Variable { fatalError() }

    /// [R, ..] -> [indices.count, ..]; an index may come several times, or none at all.
    public func rows(_ indices: [Int32]) -> Variable { fatalError() }

    /// self = deltas [R, 4], anchors [R, 4] -> boxes [R, 4].
    public func decodedBoxes(_ anchors: Tensor<S>, deviations: [Double], clampsSmall: Bool) -> Variable { fatalError() }

    /// self = boxes [R, 4], targets [R, 4]; the SUM over rows of weight (1 - measure), []. Weights [R].
    public func boxLoss(
        _ targets: Tensor<S>, kind: BoxMeasure, epsilon: Double = 1e-7, weights: Tensor<S>? = nil
    ) -> Variable { fatalError() }

    /// self = points [R, 18] (y1, x1, .., y9, x9), any even number -> boxes [R, 4] by mean and deviation; transfer [2],
    /// width first, whose gradient is multiplied by 0.01.
    public func momentBoxes(_ transfer: Variable) -> Variable { fatalError() }

    /// The same by extremes: of the first `count` points, all when absent (min-max; 4 is the partial min-max).
    public func extremeBoxes(first count: Int? = nil) -> Variable { fatalError() }
}
