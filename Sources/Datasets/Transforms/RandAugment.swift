import Foundation
import Tensors

/// RandAugment (Cubuk et al., arXiv 1909.13719) as timm does it: a few operations drawn for each image, each applied half
/// of the time with a strength drawn around the magnitude.
public struct RandAugment: Codable, Sendable, Hashable {
    /// How strong and how many the operations are.
    public var policy: Policy
    /// The colour beyond the edges of a moved image [channels].
    public var fill: [UInt8]
    /// How moved images are resampled.
    public var filter: ResizeFilter

    /// - Parameters:
    ///   - policy: how strong and how many the operations are.
    ///   - fill: the colour beyond the edges of a moved image, one value or one per channel.
    ///   - filter: how moved images are resampled.
    public init(policy: Policy, fill: [UInt8], filter: ResizeFilter) {
        self.policy = policy
        self.fill = fill
        self.filter = filter
    }

    /// What makes the step impossible, one sentence, or nil.
    var problem: String? {
        if !(0...100).contains(policy.magnitude) { return "a magnitude of \(policy.magnitude) is not in 0...100" }
        if !(policy.deviation >= 0) {
            return "a deviation of \(policy.deviation) is not possible, it must not be below 0"
        }
        if !(0...1).contains(policy.probability) { return "a probability of \(policy.probability) is not in 0...1" }
        if !(policy.maximum > 0 && policy.maximum <= 100) {
            return "a largest level of \(policy.maximum) is not in 1...100"
        }
        if policy.layers < 1 || policy.layers > 16 { return "\(policy.layers) layers are not in 1...16" }
        if fill.count != 1 && fill.count != 3 { return "a fill of \(fill.count) channels is not possible, only 1 or 3" }
        return nil
    }

    /// One operation that was drawn.
    package struct Draw: Sendable, Equatable {
        package let operation: Operation
        /// 0...10, or up to the policy's maximum.
        package let level: Double
        /// The other direction, of those operations that have two.
        package let isNegative: Bool

        package init(operation: Operation, level: Double, isNegative: Bool) {
            self.operation = operation
            self.level = level
            self.isNegative = isNegative
        }
    }

    /// What an image gets.
    package func draw(_ random: inout Random) -> [Draw] {
        var left = Operation.allCases
        return (0..<policy.layers).compactMap { _ in
            let operation = next(&left, &random)
            let applies = random.chance(policy.probability)
            let level = level(&random)
            let isNegative = random.chance(0.5)
            guard applies, let operation else { return nil }
            return Draw(operation: operation, level: max(0, min(policy.maximum, level)), isNegative: isNegative)
        }
    }

    /// Any operation; with weights, one that was not drawn before.
    private func next(_ left: inout [Operation], _ random: inout Random) -> Operation? {
        guard policy.isWeighted else { return left[random.integer(below: left.count)] }
        var place = random.uniform(0, left.reduce(0) { $0 + $1.weight })
        guard
            let index = left.firstIndex(where: {
                place -= $0.weight
                return place < 0 && $0.weight > 0
            })
        else { return nil }
        return left.remove(at: index)
    }

    private func level(_ random: inout Random) -> Double {
        if policy.isUniform { return random.uniform(0, policy.magnitude) }
        return policy.deviation > 0 ? policy.magnitude + policy.deviation * random.normal() : policy.magnitude
    }

    func apply(to canvas: inout Canvas, _ random: inout Random) {
        for draw in draw(&random) { apply(draw, to: &canvas) }
    }
}

/// One operation on an image.
package func randAugmented(_ draw: RandAugment.Draw, _ augment: RandAugment, _ image: Image) -> Image {
    onCanvas(image) { augment.apply(draw, to: &$0) }
}
