/// Mean and sample standard deviation of some values, such as one of each seed.
public struct Spread: Sendable, Equatable {
    /// The arithmetic mean.
    public let mean: Double
    /// 0 of a single value.
    public let deviation: Double
    /// How many values are finite.
    public let count: Int

    /// Nil where none of the values is finite.
    public init?(_ values: [Double]) {
        let values = values.filter(\.isFinite)
        guard !values.isEmpty else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
        count = values.count
    }
}

/// How far a share of images may lie from that of all images there are.
package enum SamplingError {
    /// The binomial standard error of a share that was measured on so many images.
    ///
    /// At 0 and at 1 the formula says 0, which no measurement is; one image of either kind is added there.
    package static func of(_ share: Double, images: Int) -> Double {
        guard images > 0, share.isFinite else { return 0 }
        let count = Double(images)
        let share = min(max(share, 0), 1)
        guard share == 0 || share == 1 else { return (share * (1 - share) / count).squareRoot() }
        let moved = (share * count + 1) / (count + 2)
        return (moved * (1 - moved) / count).squareRoot()
    }

    /// `± 0.73`, in percentage points; nil where the number of images is not known or the metric is no share of images.
    static func text(_ share: Double, of metric: Metric, images: Int?) -> String? {
        guard metric.isShareOfImages else { return nil }
        return images.flatMap { $0 > 0 ? "± " + NumberText.fixed(100 * of(share, images: $0), decimals: 2) : nil }
    }
}
