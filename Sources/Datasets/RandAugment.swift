import Foundation
import Tensors

/// RandAugment (Cubuk et al., arXiv 1909.13719) as timm does it with increasing severity: a few operations drawn for each
/// image, each applied half of the time with a strength drawn around the magnitude.
public struct RandAugment: Codable, Sendable, Hashable {
    public var policy: Policy
    /// The colour beyond the edges of a moved image [channels].
    public var fill: [UInt8]
    /// How moved images are resampled.
    public var filter: ResizeFilter

    public init(policy: Policy, fill: [UInt8], filter: ResizeFilter) {
        self.policy = policy
        self.fill = fill
        self.filter = filter
    }

    /// How strong and how many the operations are: what `rand-m9-mstd0.5-inc1` says.
    public struct Policy: Codable, Sendable, Hashable {
        /// 0...100; an operation is applied with at most 10.
        public var magnitude: Double
        /// The deviation of each operation's strength from the magnitude.
        public var deviation: Double
        /// Operations drawn for each image.
        public var layers: Int
        /// How often a drawn operation is applied.
        public var probability: Double

        public init(magnitude: Double = 9, deviation: Double = 0.5, layers: Int = 2, probability: Double = 0.5) {
            self.magnitude = magnitude
            self.deviation = deviation
            self.layers = layers
            self.probability = probability
        }

        /// Reads timm's way to write it: `rand`, then parts m (magnitude), mstd, n (layers), p (probability) and inc1,
        /// joined by hyphens.
        /// - Throws: `DatasetError` in one sentence.
        public init(parsing text: String) throws(DatasetError) {
            func wrong(_ what: String) -> DatasetError {
                DatasetError(
                    "RandAugment", "found `\(text)` with \(what), expected a text such as rand-m9-mstd0.5-inc1")
            }
            self.init()
            deviation = 0
            magnitude = 10
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.first == "rand" else { throw wrong("another beginning") }
            var increases = false
            for part in parts.dropFirst() {
                let letters = part.prefix { $0.isLetter }
                guard let value = Double(part.dropFirst(letters.count)), value >= 0 else {
                    throw wrong("the part `\(part)`")
                }
                switch letters {
                case "m" where value <= 100: magnitude = value
                case "mstd" where value <= 10: deviation = value
                case "n" where value >= 1 && value <= 16 && value == value.rounded(): layers = Int(value)
                case "p" where value <= 1: probability = value
                case "inc" where value == 1: increases = true
                default: throw wrong("the part `\(part)`")
                }
            }
            guard increases else { throw wrong("no part inc1 (severity grows with the magnitude)") }
        }
    }

    /// What makes the step impossible, one sentence, or nil.
    var problem: String? {
        if !(0...100).contains(policy.magnitude) { return "a magnitude of \(policy.magnitude) is not in 0...100" }
        if !(policy.deviation >= 0) {
            return "a deviation of \(policy.deviation) is not possible, it must not be below 0"
        }
        if !(0...1).contains(policy.probability) { return "a probability of \(policy.probability) is not in 0...1" }
        if policy.layers < 1 || policy.layers > 16 { return "\(policy.layers) layers are not in 1...16" }
        if fill.count != 1 && fill.count != 3 { return "a fill of \(fill.count) channels is not possible, only 1 or 3" }
        return nil
    }

    /// One operation that was drawn.
    package struct Draw: Sendable, Equatable {
        package let operation: Operation
        /// 0...10.
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
        (0..<policy.layers).compactMap { _ in
            let operation = Operation.allCases[random.integer(below: Operation.allCases.count)]
            let applies = random.chance(policy.probability)
            let level = policy.deviation > 0 ? policy.magnitude + policy.deviation * random.normal() : policy.magnitude
            let isNegative = random.chance(0.5)
            guard applies else { return nil }
            return Draw(operation: operation, level: max(0, min(10, level)), isNegative: isNegative)
        }
    }

    func apply(to canvas: inout Canvas, _ random: inout Random) {
        for draw in draw(&random) { apply(draw, to: &canvas) }
    }
}

/// One operation on an image.
package func randAugmented(_ draw: RandAugment.Draw, _ augment: RandAugment, _ image: Image) -> Image {
    onCanvas(image) { augment.apply(draw, to: &$0) }
}
