import Datasets
import Foundation
import Tensors

/// Mixes the images of a batch in pairs, the first with the last and so on, with one share for the whole batch: mixup
/// (Zhang et al., 2017) blends them, cutmix (Yun et al., 2019) swaps a rectangle.
public struct Mixing: Codable, Sendable, Hashable {
    /// The parameter of mixup's beta distribution; 0 turns mixup off.
    public var mixupAlpha: Double
    /// The parameter of cutmix's beta distribution; 0 turns cutmix off.
    public var cutmixAlpha: Double
    /// How often a batch is mixed at all.
    public var probability: Double
    /// How often it is cutmix where both are on.
    public var switchProbability: Double

    /// No mixing unless one of the parameters is above 0.
    public init(
        mixupAlpha: Double = 0, cutmixAlpha: Double = 0, probability: Double = 1, switchProbability: Double = 0.5
    ) {
        self.mixupAlpha = mixupAlpha
        self.cutmixAlpha = cutmixAlpha
        self.probability = probability
        self.switchProbability = switchProbability
    }

    /// Whether any batch is ever mixed.
    public var isOn: Bool { (mixupAlpha > 0 || cutmixAlpha > 0) && probability > 0 }

    /// Mixes the images of a batch in place.
    /// - Returns: the share of each image that is its own.
    package func apply(to batch: ImageBatch, _ random: inout Random) -> Float {
        batch.withMutablePixels { pixels in
            guard let base = pixels.baseAddress else { return 1 }
            return apply(
                to: base, count: batch.count, height: batch.height, width: batch.width, channels: batch.channels,
                &random)
        }
    }

    /// - Parameter images: [count, height, width, channels].
    private func apply(
        to images: UnsafeMutablePointer<Float>, count: Int, height: Int, width: Int, channels: Int,
        _ random: inout Random
    ) -> Float {
        guard isOn, random.chance(probability) else { return 1 }
        let cuts = cutmixAlpha > 0 && (mixupAlpha == 0 || random.chance(switchProbability))
        let alpha = cuts ? cutmixAlpha : mixupAlpha
        let share = random.beta(alpha, alpha)
        let size = height * width * channels
        if cuts {
            let box = rectangle(height: height, width: width, share: share, &random)
            for first in 0..<count / 2 {
                let a = images + first * size
                let b = images + (count - 1 - first) * size
                for y in box.top..<box.bottom {
                    for i in (y * width + box.left) * channels..<(y * width + box.right) * channels {
                        (a[i], b[i]) = (b[i], a[i])
                    }
                }
            }
            let area = (box.bottom - box.top) * (box.right - box.left)
            return 1 - Float(area) / Float(height * width)
        }
        let own = Float(share)
        let other = 1 - own
        for first in 0..<count / 2 {
            let a = images + first * size
            let b = images + (count - 1 - first) * size
            for i in 0..<size {
                let (x, y) = (a[i], b[i])
                a[i] = x * own + y * other
                b[i] = y * own + x * other
            }
        }
        return own
    }

    /// A rectangle of 1 - share of the area around a random point, cut at the edges.
    private func rectangle(
        height: Int, width: Int, share: Double, _ random: inout Random
    ) -> (top: Int, bottom: Int, left: Int, right: Int) {
        let side = (1 - share).squareRoot()
        let halfHeight = Int(Double(height) * side) / 2
        let halfWidth = Int(Double(width) * side) / 2
        let y = random.integer(below: height)
        let x = random.integer(below: width)
        return (
            max(0, y - halfHeight), min(height, y + halfHeight), max(0, x - halfWidth), min(width, x + halfWidth)
        )
    }

    /// The shares [count, classes]: smoothed one-hot rows, mixed as the images are.
    package static func shares(_ labels: [Int32], classCount: Int, own share: Float, smoothing: Float) -> [Float] {
        let off = smoothing / Float(classCount)
        let on = 1 - smoothing
        let count = labels.count
        var shares = [Float](repeating: off, count: count * classCount)
        for i in 0..<count {
            shares[i * classCount + Int(labels[i])] += on * share
            shares[i * classCount + Int(labels[count - 1 - i])] += on * (1 - share)
        }
        return shares
    }

    /// How much mixed images count: their own weight and that of their partner, by their shares.
    package static func weights(_ weights: [Float], own share: Float) -> [Float] {
        weights.indices.map { share * weights[$0] + (1 - share) * weights[weights.count - 1 - $0] }
    }
}
