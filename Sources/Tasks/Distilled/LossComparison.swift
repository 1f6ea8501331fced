import Distillation

/// How large each loss of a stage is beside the task's own in the stage's first epoch: one that is many times as large leaves
/// the labels next to no say, and the student may be worse off than without a teacher.
struct LossComparison {
    /// A loss so many times as large as the task's is told of.
    static let most = 5.0

    /// The index among the stage's losses by the name of a term.
    private let indices: [String: Int]
    private let lastUpdate: Int
    private var task = 0.0
    private var losses: [Double]
    private var isOver = false

    /// - Parameters:
    ///   - names: of the terms of each loss.
    ///   - lastUpdate: of the first epoch.
    init(_ names: [[String]], lastUpdate: Int) {
        indices = Dictionary(names.enumerated().flatMap { index, names in names.map { ($0, index) } }) { first, _ in
            first
        }
        losses = [Double](repeating: 0, count: names.count)
        self.lastUpdate = lastUpdate
    }

    /// Adds what a batch, or a part of one, gave.
    /// - Parameter task: with its weight, as the terms are.
    /// - Returns: the losses to tell of, at the end of the first epoch, with how many times the task's they are.
    mutating func add(
        task: Double, _ terms: [WeightedLoss<Float>.Term], factor: Double, update: Int
    ) -> [(index: Int, times: Double)] {
        if isOver || update > lastUpdate { return [] }
        self.task += task
        for term in terms { if let index = indices[term.name] { losses[index] += term.weighted * factor } }
        guard update == lastUpdate else { return [] }
        isOver = true
        guard self.task > 0 else { return [] }
        return losses.enumerated().map { ($0.offset, $0.element / self.task) }.filter { $0.1 > Self.most }
    }
}
