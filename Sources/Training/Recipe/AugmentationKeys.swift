import Configuration
import Datasets

/// The keys of `data` for what is done to the colors of whole images, and for how often an image comes.
package struct AugmentationKeys: Sendable, Equatable {
    /// Grey, solarised or blurred, one of the three.
    package var threeAugment: Bool
    /// The severity of AugMix; 0 for none.
    package var augMix: Int
    /// How often an image is blurred, and by how much, [low, high] in pixels.
    package var blur: Double
    package var blurDeviation: [Double]
    /// How often each image of an epoch comes.
    package var repeats: Int
    /// Whether AugMix moves pixels; not where something is said of places in the image.
    var movesPixels = true

    init(_ reader: ConfigurationReader) {
        threeAugment = reader.bool(
            "threeAugment", default: false,
            "Each image is made grey, solarised or blurred, one of the three (3-Augment of DeiT III), before colorJitter"
        )
        augMix = reader.int(
            "augMix", default: 0, in: 0...10,
            "Severity of AugMix: chains of operations mixed with each other and with the image; 3 as published, 0 = off; it "
                + "stands in for colorJitter, and does not move pixels where there are masks or boxes")
        blur = reader.double("blur", default: 0, in: 0...1, "Probability of a Gaussian blur")
        blurDeviation = reader.doubles(
            "blurDeviation", default: [0.1, 2], in: 0.01...100, count: 2...2,
            "Standard deviation of the blur in pixels, [low, high]")
        repeats = reader.int(
            "repeats", default: 1, in: 1...64,
            "Repeated augmentation: each image comes so often in a row, altered differently each time; an epoch has as many "
                + "images all the same, so that it shows a part of them")
        if blurDeviation.count == 2, blurDeviation[0] > blurDeviation[1] {
            reader.problem("blurDeviation", "found \(blurDeviation), expected the lower bound first")
        }
    }

    /// What stands in for others has to stand alone.
    /// - Parameter others: the keys of that kind that are given beside these.
    func check(_ others: [String], _ reader: ConfigurationReader) {
        let own = (threeAugment ? ["threeAugment"] : []) + (augMix > 0 ? ["augMix"] : [])
        guard let key = own.first, let other = (own.dropFirst() + others).first else { return }
        reader.problem(key, "\(other) is given as well, and one stands in for the other, expected one")
    }
}
