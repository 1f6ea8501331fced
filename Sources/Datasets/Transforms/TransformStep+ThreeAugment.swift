import CImages

extension TransformStep {
    /// 3-Augment (Touvron et al., "DeiT III", arXiv 2204.07118): each image becomes grey, is solarised or is blurred.
    public static let threeAugment = TransformStep.either([
        [.grayscale(probability: 1)], [.solarize(probability: 1, threshold: 128)],
        [.gaussianBlur(probability: 1, deviation: [0.1, 2])],
    ])
}

extension Canvas {
    /// Blurs as Pillow does: by three box filters in each direction, which come near a Gaussian's.
    mutating func blur(deviation: Double) {
        materialize()
        let target = free()
        let output = scratch[target].reserve(width * height * channels)
        let lines = scratch[free(except: target)].reserve(2 * max(width, height))
        hb_gaussian_blur(
            view.pixels, view.width, view.height, view.channels, Float(deviation), lines, output)
        adopt(target, width: width, height: height)
    }
}

/// A blurred image.
package func blurred(_ image: Image, deviation: Double) -> Image { onCanvas(image) { $0.blur(deviation: deviation) } }
