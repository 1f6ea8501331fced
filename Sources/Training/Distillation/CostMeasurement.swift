import Datasets
import Distillation
import Layers
import Tasks
import Tensors

/// Measures adaptation costs among trained models, all on the same images.
struct CostMeasurement<Annotation: Datasets.Annotation> {
    let section: CostSection
    let train: any AnnotatedDataset<Annotation>
    let validation: any AnnotatedDataset<Annotation>
    let plan: TransformPlan
    let seed: UInt64
    let batchSize: Int
    let threads: Int

    init(_ section: CostSection, _ data: PreparedData<Annotation>, _ recipe: Recipe) throws {
        guard let validation = data.splits.validation else {
            throw RecipeError("the adaptation cost needs a validation part, but data.validation gives none")
        }
        self.section = section
        train = data.splits.train
        self.validation = validation
        plan = data.plan
        seed = UInt64(recipe.run.seed)
        batchSize = min(recipe.training.evaluationBatchSize, 256)
        threads = recipe.training.loaderThreads
    }

    /// C(source -> target) for each pair, the models run once per image whatever the number of pairs.
    func costs(_ pairs: [(source: Teacher, target: Teacher)]) throws -> [AdaptationCost] {
        let pairings = try pairs.map { try FeaturePairing(student: $0.source.taps, teacher: $0.target.taps) }
        var evaluators: [AdaptationCostEvaluator]
        switch section.method {
        case .exact:
            var sums = pairings.map { AdaptationCostAccumulator($0, ridge: section.ridge) }
            try stream(train, limit: section.images, pairs) { index, source, target in
                sums[index].add(studentFeatures: source, teacherFeatures: target)
            }
            evaluators = sums.map { $0.fitted() }
        case .descent:
            let images = min(section.images, train.count)
            // Small batches: the descent needs many updates more than smooth ones.
            let batch = min(64, batchSize)
            let updates = section.descentEpochs * ((images + batch - 1) / batch)
            var fits = pairings.map { DescentFit($0, updates: updates) }
            for epoch in 0..<section.descentEpochs {
                try stream(train, limit: images, epoch: epoch, batchSize: batch, pairs) { index, source, target in
                    fits[index].update(studentFeatures: source, teacherFeatures: target)
                }
            }
            evaluators = fits.map { $0.fitted() }
        }
        try stream(validation, limit: .max, pairs) { index, source, target in
            evaluators[index].add(studentFeatures: source, teacherFeatures: target)
        }
        return evaluators.map { $0.cost(samples: section.resamples, seed: seed) }
    }

    private func stream(
        _ dataset: any AnnotatedDataset<Annotation>, limit: Int, epoch: Int = 0, batchSize: Int? = nil,
        _ pairs: [(source: Teacher, target: Teacher)],
        _ body: (Int, [Tensor<Float>], [Tensor<Float>]) -> Void
    ) throws {
        // Shuffled, since image folders come class by class and the limit may cut them short.
        let options = LoaderOptions(
            batchSize: batchSize ?? self.batchSize, seed: seed, shuffles: true, threads: threads, cacheBudget: 0)
        let loader = BatchLoader(
            dataset, transform: try Transform(plan, mode: .evaluation), collator: ImagesOnly(), options: options)
        var models: [Teacher] = []
        for pair in pairs {
            for model in [pair.source, pair.target] where !models.contains(where: { $0 === model }) {
                models.append(model)
            }
        }
        var seen = 0
        loader.start(epoch: epoch)
        while seen < limit, let batch = try loader.next() {
            let images = Tensor(batch)
            let computed = models.map { ($0, $0(images).features.map(\.value)) }
            func features(of model: Teacher) -> [Tensor<Float>] { computed.first { $0.0 === model }?.1 ?? [] }
            for (index, pair) in pairs.enumerated() {
                body(index, features(of: pair.source), features(of: pair.target))
            }
            seen += batch.count
        }
    }
}
