import Foundation

/// McNemar's test: whether one of two classifiers is better, judged by the images on which just one of them is right.
public struct McNemar: Sendable, Equatable {
    /// Images that the first one alone gets right.
    public let first: Int
    /// Images that the second one alone gets right.
    public let second: Int

    /// - Parameters:
    ///   - first: images that the first one alone gets right.
    ///   - second: images that the second one alone gets right.
    public init(first: Int, second: Int) { (self.first, self.second) = (first, second) }

    /// How probable counts at least as unequal are where both are equally good: twice the tail of the binomial
    /// distribution with a half (McNemar, Psychometrika 12, 1947, in its exact form).
    public var probability: Double {
        let count = first + second
        guard count > 0 else { return 1 }
        // The logarithm of the probability of k right answers of one of them, from k = 0 on.
        var logarithm = -Double(count) * log(2)
        var tail = exp(logarithm)
        for k in 0..<min(first, second) {
            logarithm += log(Double(count - k)) - log(Double(k + 1))
            tail += exp(logarithm)
        }
        return min(1, 2 * tail)
    }
}
