import Datasets
import Layers
import Reporting
import Tasks
import Tensors

/// The mean of several weights of one model: parameters and floating-point buffers, added up in double precision in the order in
/// which they come; counters are the first one's. Running statistics of batch norms are means too, which is near what the mean
/// weights would gather (`GatheredStatistics`).
package struct WeightMean {
    private let first: Weights
    private var parameters: [Double]
    private var buffers: [[Double]]
    /// How many weights are in it.
    package private(set) var count = 1

    /// The mean of one.
    package init(_ weights: Weights) {
        first = weights
        parameters = (0..<weights.store.flat.count).map { Double(weights.store.flat.pointer[$0]) }
        buffers = weights.store.buffers.map { $0.array.map { Double($0) } }
    }

    /// Why weights cannot be added, a sentence that goes on from their name; nil when they can.
    package func problem(_ weights: Weights) -> String? {
        let (own, other) = (first.metadata, weights.metadata)
        if own.specification != other.specification || own.vocabulary.task != other.vocabulary.task {
            return "holds another model than the first weights, expected the same one"
        }
        if own.classNames != other.classNames { return "knows other classes than the first weights, expected the same" }
        var seen = other.transform
        // Where it is measured, it differs with the images that are held back for validation.
        if seen.normalization.isNearly(own.transform.normalization) { seen.normalization = own.transform.normalization }
        return own.transform == seen ? nil : "sees images in another way than the first weights"
    }

    /// The mean with one more.
    package func adding(_ weights: Weights) -> WeightMean {
        var sum = self
        for index in sum.parameters.indices { sum.parameters[index] += Double(weights.store.flat.pointer[index]) }
        for (index, buffer) in weights.store.buffers.enumerated() where !isExact(index) {
            for (position, value) in buffer.array.enumerated() { sum.buffers[index][position] += Double(value) }
        }
        sum.count += 1
        return sum
    }

    private func isExact(_ buffer: Int) -> Bool {
        let entry = first.store.list.buffers[buffer]
        return entry.isInteger || entry.isOptional
    }

    /// The mean as weights, with what the first ones say of themselves.
    package func weights() -> Weights {
        let store = first.store.copy()
        let share = 1 / Double(count)
        for index in parameters.indices { store.flat.pointer[index] = Float(parameters[index] * share) }
        for (index, buffer) in store.buffers.enumerated() where !isExact(index) {
            store.setBuffer(index, Tensor(buffer.shape, buffers[index].map { Float($0 * share) }))
        }
        return Weights(metadata: first.metadata, model: first.model, store: store)
    }
}

/// Weights of several runs, averaged: all of them, or as many as do good. Wortsman et al., arXiv 2203.05482: "Model soups".
package struct Soup {
    /// One of the weights that were offered.
    package struct Ingredient: Sendable, Equatable {
        package let path: String
        /// By itself.
        package let scores: Scores
        /// Of the mean with it in it, where it was tried.
        package internal(set) var together: Scores?
        package internal(set) var isTaken = false
    }

    /// In the order in which they were tried.
    package private(set) var ingredients: [Ingredient]
    /// The mean of those that were taken.
    package private(set) var weights: Weights
    /// Of the mean.
    package private(set) var scores: Scores

    /// Measures weights, averages them and measures the mean.
    ///
    /// Greedy: the best weights first, then those that come next, each kept where the mean is no worse with it (algorithm 1).
    /// - Parameters:
    ///   - paths: of weights files, at least one; each is read when it is its turn.
    ///   - prepare: changes a mean before it is measured: gathers its statistics, say.
    ///   - measure: what decides.
    /// - Throws: `RecipeError` for weights that are not of the first one's model.
    package init(
        _ paths: [String], greedy: Bool, prepare: (Weights) throws -> Void = { _ in },
        measure: (Weights) throws -> Scores
    ) throws {
        require(!paths.isEmpty, "Soup", "there must be weights")
        var mean: WeightMean?
        var found = try paths.map { path -> Ingredient in
            let weights = try Weights.read(path)
            if let problem = mean?.problem(weights) { throw RecipeError("\(path) \(problem)") }
            mean = mean ?? WeightMean(weights)
            return Ingredient(path: path, scores: try measure(weights))
        }
        if greedy {
            // A stable sort, so that what is level comes in the order in which it was given.
            let order = found.indices.sorted {
                let (a, b) = (found[$0].scores, found[$1].scores)
                return a.isBetter(than: b) || (!b.isBetter(than: a) && $0 < $1)
            }
            found = order.map { found[$0] }
        }
        var sum = WeightMean(try Weights.read(found[0].path))
        found[0].isTaken = true
        var best = found[0].scores
        for index in found.indices.dropFirst() {
            let next = sum.adding(try Weights.read(found[index].path))
            guard greedy else {
                (sum, found[index].isTaken) = (next, true)
                continue
            }
            let mixture = next.weights()
            try prepare(mixture)
            let scores = try measure(mixture)
            found[index].together = scores
            guard !best.isBetter(than: scores) else { continue }
            (sum, best, found[index].isTaken) = (next, scores, true)
        }
        let mixed = sum.weights()
        // A single one is taken as it is where others were tried beside it, and prepared where it is all there is.
        if sum.count > 1 || found.count == 1 { try prepare(mixed) }
        if !greedy { best = try measure(mixed) }
        (ingredients, weights, scores) = (found, mixed, best)
    }
}

extension Normalization {
    /// Whether means differ by less than a fiftieth of a deviation, and deviations by less than a fiftieth.
    fileprivate func isNearly(_ other: Normalization) -> Bool {
        guard mean.count == other.mean.count, deviation.count == other.deviation.count else { return false }
        return mean.indices.allSatisfy { channel in
            let limit = 0.02 * deviation[channel]
            let shift = abs(mean[channel] - other.mean[channel])
            let scale = abs(deviation[channel] - other.deviation[channel])
            return max(shift, scale) < limit
        }
    }
}
