extension TransformPlan {
    /// Small images: random crops of the padded image and flips in training, nothing but the right size in evaluation.
    public static func small(
        width: Int, height: Int, channels: Int, padding: Int, paddingMode: PaddingMode = .zero,
        flipProbability: Double = 0.5, filter: ResizeFilter = .bilinear, normalization: Normalization
    ) -> TransformPlan {
        let size = TransformStep.fit(width: width, height: height, filter: filter)
        var training = [size]
        if padding > 0 {
            training.append(.randomCrop(width: width, height: height, padding: padding, mode: paddingMode))
        }
        if flipProbability > 0 { training.append(.horizontalFlip(probability: flipProbability)) }
        return TransformPlan(
            width: width, height: height, channels: channels, training: training, evaluation: [size],
            normalization: normalization)
    }

    /// Photographs: random resized crops and flips in training; in evaluation the middle of the image after its shorter
    /// side was resized to `side / cropFraction`.
    public static func photographs(
        side: Int, cropFraction: Double = 0.875, scale: [Double] = [0.08, 1], ratio: [Double] = [3.0 / 4, 4.0 / 3],
        flipProbability: Double = 0.5, filter: ResizeFilter = .bicubic, normalization: Normalization = .imageNet
    ) -> TransformPlan {
        TransformPlan(
            width: side, height: side, channels: 3,
            training: [
                .randomResizedCrop(width: side, height: side, scale: scale, ratio: ratio, filter: filter),
                .horizontalFlip(probability: flipProbability),
            ],
            evaluation: [
                .resizeShorterSide(to: Int(Double(side) / cropFraction), filter: filter),
                .centerCrop(width: side, height: side),
            ],
            normalization: normalization)
    }
}
