extension RandAugment {
    /// How strong and how many the operations are: what `rand-m9-mstd0.5-inc1` says.
    public struct Policy: Codable, Sendable, Hashable {
        /// 0...100; an operation is applied with at most `maximum`.
        public var magnitude: Double
        /// The deviation of each operation's strength from the magnitude; above 100 strengths are drawn evenly between 0
        /// and the magnitude.
        public var deviation: Double
        /// Operations drawn for each image.
        public var layers: Int
        /// How often a drawn operation is applied.
        public var probability: Double
        /// Whether all operations change an image the more the larger the magnitude is. Otherwise Posterize, Solarize,
        /// Color, Contrast, Brightness and Sharpness are those of AutoAugment: of one direction, the first two the
        /// weaker the larger it is.
        public var increases: Bool
        /// Whether operations that move pixels are drawn more often than those that change colours, none twice.
        public var isWeighted: Bool
        /// The largest strength.
        public var maximum: Double

        /// The policy of `rand-m9-mstd0.5-inc1`, or one with other values; see the properties.
        public init(
            magnitude: Double = 9, deviation: Double = 0.5, layers: Int = 2, probability: Double = 0.5,
            increases: Bool = true, isWeighted: Bool = false, maximum: Double = 10
        ) {
            self.magnitude = magnitude
            self.deviation = deviation
            self.layers = layers
            self.probability = probability
            self.increases = increases
            self.isWeighted = isWeighted
            self.maximum = maximum
        }

        /// Whether strengths are drawn evenly.
        var isUniform: Bool { deviation > 100 }

        /// Reads timm's way to write it: `rand`, then parts m (magnitude), mstd, mmax, n (layers), p (probability), inc1
        /// and w0, joined by hyphens. Without inc1 operations have one direction, as in timm.
        /// - Throws: `DatasetError` in one sentence.
        public init(parsing text: String) throws(DatasetError) {
            func wrong(_ what: String) -> DatasetError {
                DatasetError(
                    "RandAugment",
                    "found `\(text)` with \(what), expected a text such as rand-m9-mstd0.5-inc1 (parts m, mstd, mmax, n, p, "
                        + "inc, w)")
            }
            self.init(magnitude: 10, deviation: 0, increases: false)
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.first == "rand" else { throw wrong("another beginning") }
            for part in parts.dropFirst() {
                let letters = part.prefix { $0.isLetter }
                guard let value = Double(part.dropFirst(letters.count)), value >= 0 else {
                    throw wrong("the part `\(part)`")
                }
                switch letters {
                case "m" where value <= 100: magnitude = value
                case "mstd" where value.isFinite: deviation = value
                case "mmax" where value >= 1 && value <= 100: maximum = value
                case "n" where value >= 1 && value <= 16 && value == value.rounded(): layers = Int(value)
                case "p" where value <= 1: probability = value
                case "inc" where value <= 1 && value == value.rounded(): increases = value == 1
                case "w" where value == 0: isWeighted = true
                default: throw wrong("the part `\(part)`")
                }
            }
        }

        private enum CodingKeys: CodingKey {
            case magnitude, deviation, layers, probability, increases, isWeighted, maximum
        }

        /// Reads a stored policy, of versions before some of its keys existed as well.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            magnitude = try values.decode(Double.self, forKey: .magnitude)
            deviation = try values.decode(Double.self, forKey: .deviation)
            layers = try values.decode(Int.self, forKey: .layers)
            probability = try values.decode(Double.self, forKey: .probability)
            // What was written before these keys existed is of the increasing kind.
            increases = try values.decodeIfPresent(Bool.self, forKey: .increases) ?? true
            isWeighted = try values.decodeIfPresent(Bool.self, forKey: .isWeighted) ?? false
            maximum = try values.decodeIfPresent(Double.self, forKey: .maximum) ?? 10
        }
    }
}
