import Configuration
import Tensors

/// The shape of a single cycle of the learning rate over the whole run: up from a fraction of the base rate and down to almost
/// nothing; Smith and Topin, arXiv 1708.07120, in the form and with the values of PyTorch's `OneCycleLR`. Momentum stays as it is.
public struct OneCycle: Sendable, Equatable {
    /// How the rate goes from one corner to the next.
    public enum Anneal: String, Sendable, CaseIterable {
        case cosine, linear

        func value(from start: Double, to end: Double, at share: Double) -> Double {
            switch self {
            case .cosine: end + (start - end) / 2 * (1 + Tensors.cosine(.pi * share))
            case .linear: start + (end - start) * share
            }
        }
    }

    /// The share of the run in which the rate rises.
    public var rise = 0.3
    /// How the rate goes from one corner to the next.
    public var anneal = Anneal.cosine
    /// The base rate divided by the first one.
    public var startDivisor = 25.0
    /// The first rate divided by the last one.
    public var endDivisor = 1e4
    /// Whether the rate falls as fast as it rose, and to the last one in what is left.
    public var threePhase = false

    /// PyTorch's defaults.
    public init() {}

    /// Reads the section `schedule.oneCycle`.
    public init(_ reader: ConfigurationReader) {
        let divisor = 1...1e12
        rise = reader.double(
            "rise", default: rise, in: 0...1, "Share of the run in which the learning rate rises (oneCycle)")
        anneal = reader.choice("anneal", default: anneal, "How the learning rate goes up and down (oneCycle)")
        startDivisor = reader.double(
            "startDivisor", default: startDivisor, in: divisor,
            "optimizer.learningRate divided by the learning rate of the first update (oneCycle)")
        endDivisor = reader.double(
            "endDivisor", default: endDivisor, in: divisor,
            "Learning rate of the first update divided by that of the last one (oneCycle)")
        threePhase = reader.bool(
            "threePhase", default: threePhase,
            "Whether the learning rate falls as fast as it rose and then goes from the first one to the last (oneCycle)"
        )
        if threePhase, rise > 0.5 {
            reader.problem("rise", "found \(rise), expected at most 0.5 where threePhase is true")
        }
    }

    /// The rate of an update of `total`; later ones stay at the last rate.
    func learningRate(at update: Int, of total: Int, base: Double) -> Double {
        let first = base / startDivisor
        let last = first / endDivisor
        let whole = Double(total)
        let corners: [(update: Double, rate: Double)] =
            threePhase
            ? [(rise * whole - 1, base), (2 * rise * whole - 2, first), (whole - 1, last)]
            : [(rise * whole - 1, base), (whole - 1, last)]
        let position = min(Double(update), whole - 1)
        var start = (update: 0.0, rate: first)
        for (index, end) in corners.enumerated() {
            if position <= end.update || index == corners.count - 1 {
                let length = end.update - start.update
                let share = length > 0 ? min(1, max(0, (position - start.update) / length)) : 1
                return anneal.value(from: start.rate, to: end.rate, at: share)
            }
            start = end
        }
        return last
    }
}
