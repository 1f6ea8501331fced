import Autograd
import Datasets
import Foundation
import Tensors

extension SegmentationInference {
    /// The mean of the probabilities at all scales and of the mirrored image, in the image's own size.
    func averaged(_ image: Image, _ mask: Mask?, _ mode: SegmentationSettings.Mode) throws -> PixelAnswers {
        var sum = Tensor<Float>.zeros([])
        var count: Float = 0
        for scale in settings.scales {
            let input = pixels(fitted(image, scale: scale))
            for isMirrored in settings.flip ? [false, true] : [false] {
                let seen = isMirrored ? input.mirrored() : input
                let scores = try mode == .slide ? SlidingWindow.scores(self, seen) : fullScores(seen)
                let probabilities = Variable(
                    (isMirrored ? scores.mirrored() : scores).resized(
                        height: image.height, width: image.width, .bilinear(alignCorners: false))
                ).softmax().value
                sum = count == 0 ? probabilities : sum + probabilities
                count += 1
            }
        }
        // The softmax of logarithms of probabilities is the probabilities.
        let logarithms = Tensor<Float>(sum.shape) { output in
            sum.read { values in
                for index in 0..<sum.elementCount { output[index] = log(max(values[index] / count, 1e-30)) }
            }
        }
        return logarithms.pixelAnswers(
            height: image.height, width: image.width, size: image.size, labels: mask?.labels,
            ignored: mask?.ignored ?? 255)
    }
}
