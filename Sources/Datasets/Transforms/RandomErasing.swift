import Foundation
import Tensors

/// Overwrites random rectangles of a normalised image (Zhong et al., "Random erasing data augmentation", 2017).
public struct RandomErasing: Codable, Sendable, Hashable {
    /// What takes the place of the erased pixels.
    public enum Fill: String, Codable, Sendable, CaseIterable {
        /// Normal noise, drawn for every pixel.
        case pixel
        /// Zero, the mean colour.
        case constant
    }

    /// How often an image is erased from at all, 0...1.
    public var probability: Double
    /// What takes the place of the erased pixels.
    public var fill: Fill
    /// How many rectangles share the area.
    public var count: Int
    /// The erased part of the image, low and high.
    public var area: [Double]
    /// The smallest ratio of the sides; the largest is its inverse.
    public var minimumRatio: Double

    /// Erasing with the values of the paper unless others are given; see the properties.
    public init(
        probability: Double, fill: Fill = .pixel, count: Int = 1, area: [Double] = [0.02, 1.0 / 3],
        minimumRatio: Double = 0.3
    ) {
        self.probability = probability
        self.fill = fill
        self.count = count
        self.area = area
        self.minimumRatio = minimumRatio
    }

    var problem: String? {
        if !(0...1).contains(probability) { return "an erasing probability of \(probability) is not in 0...1" }
        if count < 1 { return "erasing needs at least one rectangle, not \(count)" }
        if area.count != 2 || !(area[0] > 0 && area[0] <= area[1] && area[1] <= 1) {
            return "the erased area \(area) is no range within 0...1"
        }
        if !(minimumRatio > 0 && minimumRatio <= 1) { return "an erasing ratio of \(minimumRatio) is not in 0...1" }
        return nil
    }

    func apply(
        to pixels: UnsafeMutablePointer<Float>, width: Int, height: Int, channels: Int, _ random: inout Random
    ) {
        guard random.chance(probability) else { return }
        for _ in 0..<count {
            for _ in 0..<10 {
                let target = random.uniform(area[0], area[1]) * Double(width * height) / Double(count)
                let ratio = exp(random.uniform(log(minimumRatio), -log(minimumRatio)))
                let h = Int((target * ratio).squareRoot().rounded(.toNearestOrEven))
                let w = Int((target / ratio).squareRoot().rounded(.toNearestOrEven))
                guard w < width, h < height else { continue }
                let top = random.integer(below: height - h + 1)
                let left = random.integer(below: width - w + 1)
                for y in top..<top + h {
                    let row = pixels + (y * width + left) * channels
                    for i in 0..<w * channels { row[i] = fill == .pixel ? Float(random.normal()) : 0 }
                }
                break
            }
        }
    }
}
