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
        case .pad(let width, let height, _, let fill), .corner(let width, let height, _, _, let fill):
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
        case .trivialAugment(let augment):
            guard augment.fill.count == 1 || augment.fill.count == 3 else {
                return "TrivialAugment: a fill of \(augment.fill.count) channels is not possible, only 1 or 3"
            }
            return nil
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
        case .randomSides(let short, _, let long, _):
            guard 1...256 ~= short.count else { return "\(short.count) lengths of the shorter side are not 1 to 256" }
            return short.lazy.compactMap { size($0) }.first ?? size(long)
        case .randomPart(let height, let width, _):
            for (sides, name) in [(height, "height"), (width, "width")]
            where sides.count != 2 || sides[0] < 1 || sides[0] > sides[1] {
                return "the \(name) \(sides) of a part is no range above 0, expected [low, high]"
            }
            return nil
        case .overlapCrop(let overlaps, let smallest):
            guard overlaps.count <= 64, overlaps.allSatisfy({ 0...1 ~= $0 }) else {
                return "the overlaps \(overlaps.prefix(8)) are not in 0...1"
            }
            return 0.01...1 ~= smallest
                ? nil : "a smallest side of \(smallest) of the image's is out of range, expected 0.01...1"
        case .grayscale(let probability): return within(probability, "probability of grey", 1)
        case .solarize(let probability, let threshold):
            return within(probability, "probability to solarise", 1) ?? within(Double(threshold), "threshold", 256)
        case .gaussianBlur(let probability, let deviation):
            return within(probability, "probability to blur", 1) ?? range(deviation, "deviation of a blur", upTo: 100)
        case .augMix(let augment): return augment.problem.map { "AugMix: \($0)" }
        case .either(let branches):
            guard 1...16 ~= branches.count, branches.allSatisfy({ $0.count <= 16 }) else {
                return
                    "one of \(branches.count) lists of steps is not possible, expected 1 to 16 of at most 16 steps each"
            }
            for step in branches.joined() {
                if case .either = step { return "a choice of steps within another one is not possible" }
                if let problem = step.problem { return problem }
            }
            return nil
        }
    }
}
