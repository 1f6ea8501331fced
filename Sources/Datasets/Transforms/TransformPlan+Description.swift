extension TransformPlan {
    /// How an image is brought to the model's input for evaluation, in words: what another program must do.
    package var evaluationDescription: String {
        var parts = ["decode the image upright to \(channels == 3 ? "RGB" : "grey") bytes"]
        parts += evaluation.map(\.words)
        parts.append(
            "(value / 255 - mean) / deviation with mean \(list(normalization.mean)) and deviation "
                + list(normalization.deviation))
        return parts.joined(separator: "; ")
    }

    private func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
}

extension TransformStep {
    /// What a step without randomness does, as in Docs/Export.md.
    fileprivate var words: String {
        switch self {
        case .resize(let width, let height, let filter): "resize to \(width)x\(height) (\(filter.rawValue))"
        case .resizeShorterSide(let side, let filter): "resize the shorter side to \(side) (\(filter.rawValue))"
        case .fit(let width, let height, let filter):
            "resize until \(width)x\(height) is covered (\(filter.rawValue)) and cut to the middle"
        case .pad(let width, let height, let filter, let fill):
            "resize until contained in \(width)x\(height) (\(filter.rawValue)) and fill around with "
                + fill.map { "\($0)" }.joined(separator: ", ")
        case .centerCrop(let width, let height): "cut the middle \(width)x\(height)"
        case .randomResize(let scale, let long, let short, let filter) where isDeterministic:
            "resize, the ratio kept, to \(scale[0]) times the size that fits \(long.map { "\($0)" } ?? "any length") by "
                + "\(short.map { "\($0)" } ?? "any length") (\(filter.rawValue))"
        case .corner(let width, let height, let enlarges, let filter, let fill):
            "resize until contained in \(width)x\(height)\(enlarges ? "" : ", never to more,") (\(filter.rawValue)) and fill "
                + "right and below with " + fill.map { "\($0)" }.joined(separator: ", ")
        case .randomSides(let short, _, let long, let filter) where isDeterministic:
            "resize, the ratio kept, to a shorter side of \(short[0]) but no longer side above \(long) (\(filter.rawValue))"
        case .randomSides, .randomPart, .overlapCrop, .either, .randomCrop, .randomResizedCrop, .horizontalFlip,
            .affine, .colorJitter, .randAugment, .trivialAugment, .randomResize,
            .randomWindow, .verticalFlip, .quarterTurn, .photometric, .elastic, .grayscale, .solarize, .gaussianBlur,
            .augMix:
            "a random change"
        }
    }
}
