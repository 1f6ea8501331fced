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

extension TransformStep {
    /// What makes the step impossible, one sentence, or nil.
    var problem: String? {
        func size(_ sides: Int...) -> String? {
            if let side = sides.first(where: { !(1...(1 << 14)).contains($0) }) {
                return "images would be resized or cut to \(side) pixels, expected 1 to \(1 << 14)"
            }
            // Whatever stands between image and input may be larger than the input, within bounds.
            if sides.reduce(1, *) <= 4 * TransformPlan.mostPixels { return nil }
            return
                "images would be resized or cut to \(sides.map(String.init).joined(separator: " x ")) pixels, too many"
        }
        func range(_ values: [Double], _ name: String, upTo limit: Double = .infinity) -> String? {
            let valid = values.count == 2 && values[0] > 0 && values[0] <= values[1] && values[1] <= limit
            return valid ? nil : "the \(name) \(values) is no range above 0, expected [low, high]"
        }
        func within(_ value: Double, _ name: String, _ limit: Double) -> String? {
            value >= 0 && value <= limit ? nil : "a \(name) of \(value) is out of range, expected 0...\(limit)"
        }
        switch self {
        case .resize(let width, let height, _), .fit(let width, let height, _), .centerCrop(let width, let height):
            return size(width, height)
        case .pad(let width, let height, _, let fill):
            guard fill.count == 1 || fill.count == 3 else { return "a fill of \(fill.count) channels is not 1 or 3" }
            return size(width, height)
        case .resizeShorterSide(let side, _): return size(side)
        case .randomCrop(let width, let height, let padding, _):
            return size(width, height) ?? within(Double(padding), "padding", 4096)
        case .randomResizedCrop(let width, let height, let scale, let ratio, _):
            return size(width, height) ?? range(scale, "scale", upTo: 1) ?? range(ratio, "ratio", upTo: 1000)
        case .horizontalFlip(let probability): return within(probability, "flip probability", 1)
        case .affine(let degrees, let translate, let scale, let shear):
            guard translate.count == 2 else { return "the translation \(translate) needs two values" }
            return within(degrees, "rotation", 180) ?? within(translate[0], "translation", 1)
                ?? within(translate[1], "translation", 1) ?? range(scale, "scale", upTo: 100)
                ?? within(shear, "shear", 80)
        case .colorJitter(let brightness, let contrast, let saturation, let hue):
            return within(brightness, "brightness", 100) ?? within(contrast, "contrast", 100)
                ?? within(saturation, "saturation", 100) ?? within(hue, "hue", 0.5)
        case .randAugment(let augment): return augment.problem.map { "RandAugment: \($0)" }
        case .randomResize(let scale, let long, let short, _):
            return range(scale, "scale", upTo: 16) ?? long.flatMap { size($0) } ?? short.flatMap { size($0) }
        case .randomWindow(let width, let height, let classShare, let fill):
            guard fill.count == 1 || fill.count == 3 else { return "a fill of \(fill.count) channels is not 1 or 3" }
            return size(width, height) ?? within(classShare, "class share", 1)
        case .verticalFlip(let probability), .quarterTurn(let probability):
            return within(probability, "flip or turn probability", 1)
        case .photometric(let brightness, let contrast, let saturation, let hue):
            return within(brightness, "brightness", 255) ?? range(contrast, "contrast", upTo: 100)
                ?? range(saturation, "saturation", upTo: 100) ?? within(hue, "hue", 0.5)
        case .elastic(let strength, let smoothness):
            guard (2...4096).contains(smoothness) else {
                return "a smoothness of \(smoothness) pixels is out of range, expected 2...4096"
            }
            return within(strength, "displacement", 1000)
        }
    }
}
