extension TransformStep {
    /// The multi-scale recipe of DETR (Carion et al., 2020) and of detectors with HorNet and Swin: half of the time a random
    /// part is cut out of the image first.
    /// - Parameters:
    ///   - short: lengths that the shorter side is drawn from, 480...800 by 32 as published.
    ///   - longSide: the most that the longer side may have, 1333 as published.
    ///   - middle: lengths of the shorter side before the cut, 400, 500 and 600 as published.
    ///   - part: the sides [low, high] of the part, 384...600 as published.
    public static func twoBranches(
        short: [Int], longSide: Int, middle: [Int], part: [Int], filter: ResizeFilter
    ) -> TransformStep {
        let last = TransformStep.randomSides(short: short, isRange: false, longSide: longSide, filter: filter)
        let most = 7 * (middle.max() ?? 600)
        return .either([
            [last],
            [
                .randomSides(short: middle, isRange: false, longSide: most, filter: filter),
                .randomPart(height: part, width: part, allowsEmpty: true), last,
            ],
        ])
    }

    /// Large-scale jitter (Ghiasi et al., 2021): the image at a random multiple of the size that just fits, and of it a
    /// random window, or all of it with a colour right and below.
    public static func largeScaleJitter(
        width: Int, height: Int, scale: [Double], filter: ResizeFilter, fill: [UInt8]
    ) -> [TransformStep] {
        [
            .randomResize(
                scale: scale, longSide: max(width, height), shortSide: min(width, height), filter: filter),
            .randomWindow(width: width, height: height, classShare: 1, fill: fill),
        ]
    }
}
