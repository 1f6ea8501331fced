/// Which of several candidates is best, as far as the number of images and the spread of the seeds let one say so.
public struct Verdict: Sendable, Equatable {
    /// Runs that differ in nothing but their seed.
    public struct Candidate: Sendable, Equatable {
        /// What the candidate is called in the sentence.
        public let name: String
        /// Values of the metric, one of each seed.
        public let values: [Double]
        /// How many images each was measured on, where that is known.
        public let images: Int?

        /// - Parameter values: one of each seed; empty for a candidate that has none yet.
        public init(name: String, values: [Double], images: Int?) {
            (self.name, self.values, self.images) = (name, values, images)
        }
    }

    /// What can be said.
    public enum Outcome: Sendable, Equatable {
        /// No candidate has a value.
        case nothing
        /// There is but one.
        case only(Int)
        /// The first is better than all others by more than the error; the second comes next.
        case wins(Int, next: Int, lead: Double, error: Double)
        /// The first leads, but those after it are within the error; lead and error are against the second.
        case withinError([Int], lead: Double, error: Double)
        /// The first leads, but nothing says how far values may be off: on how many images shares were measured nobody
        /// wrote down, or a metric that is no share of images has one seed alone.
        case unknownError(Int, lead: Double)
        /// The candidates were not measured on the same images, and why that is known.
        case differentData(String)
        /// The candidates were measured by different metrics, which these are.
        case differentMetrics(String)
    }

    /// In the order in which they were given, which is that of the positions in `outcome`.
    public let candidates: [Candidate]
    /// What can be said of them.
    public let outcome: Outcome
    /// What the values are of.
    public let metric: Metric
    /// What was measured: "validation" or "test".
    public let part: String

    /// The candidate that is better than all others; nil where none is.
    public let winner: Int?
    /// The candidate with the best mean, whatever the error.
    public let highest: Int?

    /// - Parameters:
    ///   - metrics: what the values are of; more than one leaves nothing to compare.
    ///   - different: why the candidates cannot be compared; empty where they can.
    public init(
        _ candidates: [Candidate], metrics: [Metric] = [.accuracy], part: String = "validation",
        different: [String] = []
    ) {
        let found = metrics.enumerated().filter { metrics.firstIndex(of: $1) == $0 }.map(\.element)
        let metric = found.first ?? .accuracy
        (self.candidates, self.metric, self.part) = (candidates, metric, part)
        outcome =
            if candidates.count > 1, found.count > 1 {
                .differentMetrics(found.map(\.title).joined(separator: ", "))
            } else if candidates.count > 1, !different.isEmpty {
                .differentData(different.joined(separator: "; "))
            } else {
                Self.outcome(candidates, metric)
            }
        switch outcome {
        case .nothing, .differentData, .differentMetrics: (winner, highest) = (nil, nil)
        case .only(let index), .unknownError(let index, _): (winner, highest) = (nil, index)
        case .wins(let index, _, _, _): (winner, highest) = (index, index)
        case .withinError(let indices, _, _): (winner, highest) = (nil, indices.first)
        }
    }

    private static func outcome(_ candidates: [Candidate], _ metric: Metric) -> Outcome {
        let spreads = candidates.map { Spread($0.values) }
        let ranked = candidates.indices.filter { spreads[$0] != nil }.sorted { first, second in
            let (a, b) = (spreads[first]?.mean ?? 0, spreads[second]?.mean ?? 0)
            return metric.isBetter(a, than: b) || (a == b && first < second)
        }
        guard let first = ranked.first, let best = spreads[first] else { return .nothing }
        guard ranked.count > 1 else { return .only(first) }
        // A single seed tells nothing of its spread; it is taken to be that of the candidates with several.
        let several = spreads.compactMap { $0 }.filter { $0.count > 1 }
        let usual =
            several.isEmpty ? 0 : several.reduce(0) { $0 + $1.deviation * $1.deviation } / Double(several.count)
        func variance(_ spread: Spread) -> Double {
            spread.count > 1 ? spread.deviation * spread.deviation / Double(spread.count) : usual
        }
        var close = [first]
        var measures: [(lead: Double, error: Double)] = []
        for other in ranked.dropFirst() {
            guard let spread = spreads[other] else { continue }
            let lead = metric.lead(of: best.mean, over: spread.mean)
            var sampling = 0.0
            if metric.isShareOfImages {
                let counts = [candidates[first].images, candidates[other].images].compactMap { $0 }
                guard let images = counts.min(), images > 0 else { return .unknownError(first, lead: lead) }
                sampling = max(
                    SamplingError.of(best.mean, images: images), SamplingError.of(spread.mean, images: images),
                    1 / Double(images))
            } else if several.isEmpty {
                return .unknownError(first, lead: lead)
            }
            let error = (sampling * sampling + variance(best) + variance(spread)).squareRoot()
            measures.append((lead, error))
            if lead <= error * (1 + 1e-9) { close.append(other) }
        }
        if close.count > 1 {
            let place = ranked.firstIndex(of: close[1]) ?? 1
            return .withinError(close, lead: measures[place - 1].lead, error: measures[place - 1].error)
        }
        return .wins(first, next: ranked[1], lead: measures[0].lead, error: measures[0].error)
    }
}

extension Verdict {
    /// What can be said in a sentence; names and numbers that matter go through `strong`.
    public func sentence(_ strong: (String) -> String = { $0 }) -> String {
        func error(_ value: Double) -> String { metric.leadText(value) }
        func lead(_ value: Double) -> String { metric.leadText(value) + metric.leadUnit }
        func name(_ index: Int) -> String { strong(candidates[index].name) }
        func share(_ index: Int) -> String {
            guard let spread = Spread(candidates[index].values) else { return "–" }
            let mean = strong(metric.text(spread.mean))
            guard spread.count > 1 else { return mean }
            return mean + " ± \(metric.spreadText(spread.deviation)), mean of \(spread.count) seeds"
        }
        switch outcome {
        case .nothing: return "Nothing was measured on \(part) images, so nothing can be chosen."
        case .only(let index): return "\(name(index)): \(share(index)), by \(part)."
        case .wins(let index, let next, let distance, let range):
            return "\(name(index)) does best by \(part): \(share(index)); it leads \(name(next)) by "
                + "\(lead(distance)), beyond the error of ±\(error(range))."
        case .withinError(let indices, let distance, let range):
            let others = indices.count > 2 ? " \(indices.count) candidates are within it, so" : ""
            let both = (name(indices[0]), name(indices[1]))
            if distance < 1e-9 {
                return "By \(part) \(both.0) and \(both.1) are level at \(share(indices[0])), with an error of "
                    + "±\(error(range));\(others) no winner."
            }
            return "By \(part) \(both.0) leads \(both.1) by \(lead(distance)), within the error of "
                + "±\(error(range));\(others) no winner."
        case .unknownError(let index, let distance):
            let reason =
                metric.isShareOfImages
                ? "on how many images is not known" : "none has several seeds to tell their spread"
            return
                "By \(part) \(name(index)) leads by \(lead(distance)); \(reason), so there is no error and no winner."
        case .differentData(let reason):
            return "These runs saw different data (\(strong(reason))); no winner."
        case .differentMetrics(let names):
            return "These runs are measured by different metrics (\(strong(names))), so nothing is compared."
        }
    }

    /// The sentence for a page.
    var headline: Markup { Markup(raw: sentence { "<b>" + Markup.escaped($0) + "</b>" }) }
}
