import Tensors

/// One pass over what an evaluator was given, class by class and over all threads.
struct EvaluationRun {
    /// What was found of each class, in order.
    private(set) var tallies: [ClassTally]
    let store: EvaluationStore

    init(_ evaluator: CocoEvaluator) {
        let store = evaluator.store
        self.store = store
        let ranks = Grouping.ranks(store.images)
        let truths = Grouping(
            classes: store.truths.classIndex, images: store.truths.image, ranks: ranks, classCount: evaluator.classes)
        let answers = Grouping(
            classes: store.answers.classIndex, images: store.answers.image, ranks: ranks, classCount: evaluator.classes)
        let (kind, followsReference) = (evaluator.kind, evaluator.followsReference)
        var tallies = [ClassTally?](repeating: nil, count: evaluator.classes)
        tallies.withUnsafeMutableBufferPointer { buffer in
            // Each chunk writes its own element.
            nonisolated(unsafe) let buffer = buffer
            ThreadPool.current.run(chunks: buffer.count) { index in
                var matching = ClassMatching(store, kind, followsReference)
                matching.match(
                    truths.order[truths.starts[index]..<truths.starts[index + 1]],
                    answers.order[answers.starts[index]..<answers.starts[index + 1]])
                buffer[index] = ClassTally(matching)
            }
        }
        self.tallies = tallies.compactMap { $0 }
    }
}
