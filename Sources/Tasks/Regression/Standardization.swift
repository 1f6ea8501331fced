import Datasets
import JSON

/// What targets are brought to mean 0 and deviation 1 by; it goes with the weights.
struct Standardization: Sendable, Equatable {
    /// Of each target over the training images, in the user's units.
    let mean: [Double]
    /// Above 0.
    let deviation: [Double]

    init(mean: [Double], deviation: [Double]) { (self.mean, self.deviation) = (mean, deviation) }

    /// Measured on a data set; a target without any deviation has 1.
    init(of dataset: any AnnotatedDataset<Quantities>) throws {
        let values = try (0..<dataset.count).map { try dataset.annotation($0).values }
        let count = Double(max(1, values.count))
        let mean = dataset.classNames.indices.map { target in values.reduce(0) { $0 + $1[target] } / count }
        self.mean = mean
        deviation = mean.indices.map { target in
            let squares = values.reduce(0) { $0 + ($1[target] - mean[target]) * ($1[target] - mean[target]) }
            return squares > 0 ? (squares / count).squareRoot() : 1
        }
    }

    /// From the settings that go with weights.
    /// - Returns: nil where they are missing or damaged.
    init?(_ settings: JSONValue, outputs: Int) {
        func numbers(_ key: String) -> [Double] { (settings[key]?.arrayValue ?? []).compactMap(\.doubleValue) }
        self.init(mean: numbers("mean"), deviation: numbers("deviation"))
        guard mean.count == outputs, deviation.count == outputs, mean.allSatisfy(\.isFinite),
            deviation.allSatisfy({ $0 > 0 && $0.isFinite })
        else { return nil }
    }

    var json: JSONValue {
        ["mean": .array(mean.map { .number($0) }), "deviation": .array(deviation.map { .number($0) })]
    }

    /// A target as the model learns it.
    func standardized(_ value: Double, _ target: Int) -> Double { (value - mean[target]) / deviation[target] }

    /// An answer in the user's units.
    func restored(_ answer: Float, _ target: Int) -> Double { Double(answer) * deviation[target] + mean[target] }
}
