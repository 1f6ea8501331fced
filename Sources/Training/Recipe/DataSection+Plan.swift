import Datasets
import Tasks

extension DataSection {
    /// The same, images brought into the input as the task needs them.
    func fitted<C: TaskConfiguration>(for task: C.Type) -> DataSection {
        var copy = self
        if C.fitsWholeImages, fit == .crop { copy.fit = .corner }
        copy.augmentations.movesPixels = !C.fitsWholeImages && !C.evaluatesWholeImages
        return copy
    }

    /// The transforms for an input of that shape.
    func plan(height: Int, width: Int, channels: Int, normalization: Normalization) -> TransformPlan {
        var training: [TransformStep] = []
        let fitted = fit.step(width: width, height: height, filter: filter, fill: normalization.meanColor)
        switch augmentation {
        case .plain: training = [fitted]
        case .crop:
            let padding = padding ?? max(1, height / 8)
            training = [fitted]
            if padding > 0 {
                training.append(.randomCrop(width: width, height: height, padding: padding, mode: paddingMode))
            }
        case .resizedCrop:
            training = [
                .randomResizedCrop(width: width, height: height, scale: cropScale, ratio: cropRatio, filter: filter)
            ]
        case .scaledCrop:
            training = [
                .randomResize(
                    scale: geometry.resizeRange, longSide: geometry.resizeFit?.max(),
                    shortSide: geometry.resizeFit?.min(), filter: filter),
                .randomWindow(
                    width: width, height: height, classShare: geometry.classShare, fill: normalization.meanColor),
            ]
        case .detection, .twoBranches, .largeScaleJitter, .overlapCrop:
            training = objectSteps(height: height, width: width, fill: normalization.meanColor)
        }
        if flip > 0 { training.append(.horizontalFlip(probability: flip)) }
        if geometry.verticalFlip > 0 { training.append(.verticalFlip(probability: geometry.verticalFlip)) }
        if geometry.quarterTurns > 0 { training.append(.quarterTurn(probability: geometry.quarterTurns)) }
        if geometry.elastic.count == 2, geometry.elastic[0] > 0 {
            training.append(.elastic(strength: geometry.elastic[0], smoothness: geometry.elastic[1]))
        }
        if rotation > 0 || translation > 0 || shear > 0 || scaling != [1, 1] {
            training.append(
                .affine(degrees: rotation, translate: [translation, translation], scale: scaling, shear: shear))
        }
        if geometry.photometric {
            training.append(
                .photometric(brightness: 32, contrast: [0.5, 1.5], saturation: [0.5, 1.5], hue: 0.1))
        }
        if augmentations.threeAugment { training.append(.threeAugment) }
        training += colorSteps(fill: normalization.meanColor)
        if augmentations.blur > 0 {
            training.append(.gaussianBlur(probability: augmentations.blur, deviation: augmentations.blurDeviation))
        }
        return TransformPlan(
            width: width, height: height, channels: channels, training: training,
            evaluation: evaluation(height: height, width: width, fill: normalization.meanColor),
            normalization: normalization, erasing: erasing > 0 ? RandomErasing(probability: erasing) : nil)
    }

    /// The one of several ways to alter images that the keys ask for.
    private func colorSteps(fill: [UInt8]) -> [TransformStep] {
        if augmentations.augMix > 0 {
            return [
                .augMix(
                    AugMix(
                        severity: augmentations.augMix, movesPixels: augmentations.movesPixels, fill: fill,
                        filter: filter))
            ]
        }
        if trivialAugment { return [.trivialAugment(TrivialAugment(fill: fill, filter: filter))] }
        if let randAugment { return [.randAugment(RandAugment(policy: randAugment, fill: fill, filter: filter))] }
        guard colorJitter.contains(where: { $0 > 0 }) else { return [] }
        return [
            .colorJitter(
                brightness: colorJitter[0], contrast: colorJitter[1], saturation: colorJitter[2], hue: colorJitter[3])
        ]
    }

    /// What becomes of an image with objects in boxes, up to its flips.
    private func objectSteps(height: Int, width: Int, fill: [UInt8]) -> [TransformStep] {
        let keys = geometry.objects
        let sizes = keys.sizes(height: height, width: width, filter: filter)
        func placed(enlarges: Bool) -> TransformStep {
            .corner(width: width, height: height, enlarges: enlarges, filter: filter, fill: fill)
        }
        switch augmentation {
        case .twoBranches:
            let short = keys.shortSides.isEmpty ? [min(height, width)] : keys.shortSides
            return [
                .twoBranches(
                    short: short, longSide: keys.longSide ?? max(height, width), middle: keys.middleSides,
                    part: keys.cropSides, filter: filter), placed(enlarges: false),
            ]
        case .largeScaleJitter:
            return TransformStep.largeScaleJitter(
                width: width, height: height, scale: keys.jitterScale, filter: filter, fill: fill)
        case .overlapCrop:
            return [.overlapCrop(overlaps: keys.cropOverlaps, smallest: keys.cropSmallest), placed(enlarges: true)]
        default: return sizes + [placed(enlarges: sizes.isEmpty)]
        }
    }

    private func evaluation(height: Int, width: Int, fill: [UInt8]) -> [TransformStep] {
        guard evaluationCrop > 0 else { return [fit.step(width: width, height: height, filter: filter, fill: fill)] }
        let middle = TransformStep.centerCrop(width: width, height: height)
        let larger = evaluationSize(height: height, width: width)
        // The same for a square, in the steps that torchvision and timm have.
        if fit == .crop, height == width { return [.resizeShorterSide(to: larger.width, filter: filter), middle] }
        return [fit.step(width: larger.width, height: larger.height, filter: filter, fill: fill), middle]
    }

    /// What images are brought to before their middle is taken.
    private func evaluationSize(height: Int, width: Int) -> (height: Int, width: Int) {
        func enlarged(_ side: Int) -> Int { Int((Double(side) / evaluationCrop).rounded()) }
        return (enlarged(height), enlarged(width))
    }

    /// Why this input cannot be evaluated, one sentence, or nil.
    func evaluationProblem(height: Int, width: Int) -> String? {
        guard evaluationCrop > 0 else { return nil }
        let size = evaluationSize(height: height, width: width)
        guard max(size.height, size.width) > 1 << 14 else { return nil }
        return
            "data.evaluationCrop is \(evaluationCrop), so images would be resized to \(size.height)x\(size.width) pixels "
            + "before their middle is taken, expected at most \(1 << 14) a side: a larger part, or a smaller data.imageSize"
    }
}
