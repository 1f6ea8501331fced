// Flatness: directions in the space of the weights, to walk along and measure the loss.

import Layers
import Tensors

/// Random directions in weight space that respect the scale of each filter, and the loss along them. Li et al., arXiv
/// 1712.09913.
public enum FilterDirections {
    /// A normal draw in which every filter (output channel, neuron row, in a state dict's order of axes) has the norm of
    /// the store's own; one-dimensional parameters, biases and norms among them, do not move. A function of the key and
    /// the parameters' names, laid out as `store.flat`.
    public static func draw<S: Scalar>(_ store: ParameterStore<S>, key: RandomKey) -> Storage<S> {
        let direction = Storage<S>(count: store.list.flatCount)
        direction.pointer.update(repeating: 0, count: store.list.flatCount)
        for entry in store.list.entries where entry.fileShape.count > 1 {
            var random = Random(key.derived(entry.name))
            let weights = store.fileOrder(entry, store.flat.pointer + entry.offset)
            let filters = entry.fileShape[0]
            let size = weights.count / max(1, filters)
            var values = weights.map { _ in random.normal() }
            for filter in 0..<filters {
                let range = filter * size..<(filter + 1) * size
                let own = norm(range.map { Double(weights[$0]) })
                let factor = own / (norm(values[range].map { $0 }) + 1e-10)
                for i in range { values[i] *= factor }
            }
            values.map { S($0) }.withUnsafeBufferPointer { source in
                if let base = source.baseAddress {
                    entry.layout.copy(entry.shape, from: base, to: direction.pointer + entry.offset, toFile: false)
                }
            }
        }
        return direction
    }

    /// A copy of the store at theta + step d; buffers are copied as they are.
    public static func moved<S: Scalar>(
        _ store: ParameterStore<S>, along direction: Storage<S>, by step: Double
    ) -> ParameterStore<S> {
        require(
            direction.count == store.list.flatCount, "FilterDirections.moved",
            "the direction must be laid out as the store's \(store.list.flatCount) elements")
        let copy = store.copy()
        for i in 0..<direction.count { copy.flat.pointer[i] += S(step) * direction.pointer[i] }
        return copy
    }

    private static func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

/// The loss along several directions around trained weights.
public struct FlatnessProfile: Sendable, Hashable, Codable {
    /// Steps along each direction, in ascending order.
    public let steps: [Double]
    /// The loss at each step, by direction.
    public let losses: [[Double]]
    /// The loss at the weights themselves.
    public let center: Double

    /// Losses that were measured at these steps.
    public init(steps: [Double], losses: [[Double]], center: Double) {
        require(
            losses.allSatisfy { $0.count == steps.count }, "FlatnessProfile", "each direction needs one loss per step")
        self.steps = steps
        self.losses = losses
        self.center = center
    }

    /// Evaluates the loss along `directions` draws at `points` equal steps over [-1, 1].
    ///
    /// - Parameter loss: of a model with the given parameters, in evaluation mode and without augmentation.
    public static func measure<S: Scalar>(
        _ store: ParameterStore<S>, seed: UInt64, directions: Int = 10, points: Int = 21,
        loss: (ParameterStore<S>) throws -> Double
    ) rethrows -> FlatnessProfile {
        require(
            directions >= 1 && points >= 2, "FlatnessProfile.measure", "it takes one direction and two points or more")
        let steps = (0..<points).map { -1 + 2 * Double($0) / Double(points - 1) }
        let losses = try (0..<directions).map { index in
            let direction = FilterDirections.draw(store, key: RandomKey(seed: seed, purpose: "flatness", index))
            return try steps.map { try loss(FilterDirections.moved(store, along: direction, by: $0)) }
        }
        return FlatnessProfile(steps: steps, losses: losses, center: try loss(store))
    }

    /// How much the loss rises on average at a distance from the weights, on both sides of all directions; between two
    /// steps by linear interpolation.
    public func meanRise(radius: Double) -> Double {
        guard !losses.isEmpty, !steps.isEmpty else { return 0 }
        let sum = losses.reduce(0.0) { $0 + value($1, at: radius) + value($1, at: -radius) }
        return sum / Double(2 * losses.count) - center
    }

    private func value(_ losses: [Double], at position: Double) -> Double {
        guard let upper = steps.firstIndex(where: { $0 >= position - 1e-12 }) else { return losses[losses.count - 1] }
        if upper == 0 || abs(steps[upper] - position) <= 1e-12 { return losses[upper] }
        let fraction = (position - steps[upper - 1]) / (steps[upper] - steps[upper - 1])
        return losses[upper - 1] + fraction * (losses[upper] - losses[upper - 1])
    }
}
