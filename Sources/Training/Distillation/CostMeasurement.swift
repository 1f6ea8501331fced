import Datasets
import Distillation
import Layers
import Tasks
import Tensors

/// How costs are measured where the section says nothing.
struct UsualCost {
    /// The most places of each map that count.
    var positions = Int.max
    /// Training images that are measured first; nil for all at once.
    var firstImages: Int?
}

/// Measures adaptation costs among trained models, all on the same images.
struct CostMeasurement<Task: LearningTask> {
    let section: CostSection
    private let task: Task
    let train: any AnnotatedDataset<Task.Annotation>
    let validation: any AnnotatedDataset<Task.Annotation>
    let plan: TransformPlan
    let seed: UInt64
    let batchSize: Int
    let threads: Int
    /// What the task says where the section says nothing.
    let usual: UsualCost
    private let maps: MapStore

    init(
        _ section: CostSection, _ data: PreparedData<Task.Annotation>, _ task: Task, _ recipe: Recipe, usual: UsualCost,
        maps: MapStore
    ) throws {
        guard let validation = data.splits.validation else {
            throw RecipeError("the adaptation cost needs a validation part, but data.validation gives none")
        }
        self.section = section
        self.task = task
        train = data.splits.train
        self.validation = validation
        plan = data.plan
        seed = UInt64(recipe.run.seed)
        batchSize = min(recipe.training.evaluationBatchSize, 256)
        threads = recipe.training.loaderThreads
        self.usual = usual
        self.maps = maps
    }

    /// C(source -> target) for each pair, the models run once per image whatever the number of pairs.
    /// - Parameter isDecided: whether costs tell already what is asked of them. It is asked after the first images, and again
    ///   after twice as many, until it says so or there are no more; nil for all images at once.
    func costs(
        _ pairs: [(source: Teacher, target: Teacher)], isDecided: (([AdaptationCost]) -> Bool)? = nil
    ) throws -> [AdaptationCost] {
        let pairings = try pairs.map { try FeaturePairing(student: $0.source.taps, teacher: $0.target.taps) }
        let compared = ComparedModels(pairs, pairings)
        let images = min(section.images, train.count)
        func measured(_ evaluators: [AdaptationCostEvaluator], limit: Int = .max) throws -> [AdaptationCost] {
            var evaluators = evaluators
            try stream(.validation, validation, limit: limit, compared) { index, source, target in
                evaluators[index].add(studentFeatures: source, teacherFeatures: target)
            }
            return evaluators.map { $0.cost(samples: section.resamples, seed: seed) }
        }
        switch section.method {
        case .exact:
            let positions = section.positions ?? usual.positions
            var sums = pairings.map { AdaptationCostAccumulator($0, ridge: section.ridge, positions: positions) }
            var limit = isDecided == nil ? images : min(images, section.firstImages ?? usual.firstImages ?? images)
            var batch = 0
            while true {
                batch = try stream(.training, train, from: batch, limit: limit, compared) { index, source, target in
                    sums[index].add(studentFeatures: source, teacherFeatures: target)
                }
                let isLast = limit == images
                // Every fourth image is a held-out one.
                let found = try measured(sums.map { $0.fitted() }, limit: isLast ? .max : (limit + 3) / 4)
                if isLast || isDecided?(found) ?? true { return found }
                limit = limit > images / 2 ? images : 2 * limit
            }
        case .descent:
            // Small batches: the descent needs many updates more than smooth ones.
            let batch = min(64, batchSize)
            let updates = section.descentEpochs * ((images + batch - 1) / batch)
            var fits = pairings.map { DescentFit($0, updates: updates) }
            for epoch in 0..<section.descentEpochs {
                try stream(.training, train, limit: images, epoch: epoch, batchSize: batch, compared) {
                    index, source, target in
                    fits[index].update(studentFeatures: source, teacherFeatures: target)
                }
            }
            return try measured(fits.map { $0.fitted() })
        }
    }

    /// Shows images to the models, and tells of each pair what its models make of each batch.
    /// - Parameters:
    ///   - part: what maps are kept under.
    ///   - start: the first batch.
    ///   - limit: no further batch is begun with so many images.
    ///   - batchSize: of batches whose maps are not kept; nil for the usual ones, which are.
    /// - Returns: the batch that would be next.
    @discardableResult
    private func stream(
        _ part: TeacherPart, _ dataset: any AnnotatedDataset<Task.Annotation>, from start: Int = 0, limit: Int,
        epoch: Int = 0, batchSize: Int? = nil, _ compared: ComparedModels,
        _ body: (Int, [Tensor<Float>], [Tensor<Float>]) -> Void
    ) throws -> Int {
        var index = start
        func measure(_ maps: [[Tensor<Float>]]) {
            for (number, pair) in compared.pairs.enumerated() { body(number, maps[pair.source], maps[pair.target]) }
            index += 1
        }
        func kept(_ model: Int) -> [Tensor<Float>]? {
            batchSize == nil ? maps.kept(compared.models[model], compared.taps[model], part, batch: index) : nil
        }
        let size = batchSize ?? self.batchSize
        let limit = min(limit, dataset.count)
        // Where all maps are there, no images are needed.
        while index * size < limit {
            let known = compared.models.indices.compactMap { kept($0) }
            guard known.count == compared.models.count else { break }
            measure(known)
        }
        guard index * size < limit else { return index }
        func add(_ images: Tensor<Float>, _ shown: Shown?) {
            let features = compared.models.indices.map { model in
                kept(model) ?? compared.models[model].features(images, shown: shown, part: part)
            }
            if batchSize == nil {
                for (model, own) in features.enumerated() {
                    maps.keep(own, compared.taps[model], of: compared.models[model], part, batch: index)
                }
            }
            measure(features)
        }
        // Shuffled, since image folders come class by class and the limit may cut them short.
        let options = LoaderOptions(batchSize: size, seed: seed, shuffles: true, threads: threads, cacheBudget: 0)
        let transform = try Transform(plan, mode: .evaluation)
        func each<C: Collator>(_ loader: BatchLoader<C>, _ body: (Batch<C.Target>) -> Void) throws {
            loader.start(epoch: epoch, at: index)
            while index * size < limit, let batch = try loader.next() { body(batch) }
        }
        if compared.models.contains(where: { !$0.views.isEmpty }) {
            let loader = BatchLoader(
                dataset, transform: transform, collator: task.collator(training: false), options: options)
            try each(loader) { batch in
                let motions = task.motions(batch.targets)
                add(Tensor(batch), motions.map { Shown(indices: batch.indices, motions: $0) })
            }
        } else {
            let loader = BatchLoader(dataset, transform: transform, collator: ImagesOnly(), options: options)
            try each(loader) { add(Tensor($0), nil) }
        }
        return index
    }
}

/// The models of some pairs, each once, and which of their maps are compared.
struct ComparedModels {
    private(set) var models: [Teacher] = []
    /// Of each model.
    private(set) var taps: [Set<Int>] = []
    /// By index of the models.
    private(set) var pairs: [(source: Int, target: Int)] = []

    init(_ pairs: [(source: Teacher, target: Teacher)], _ pairings: [FeaturePairing]) {
        for (pair, pairing) in zip(pairs, pairings) {
            let source = enter(pair.source, pairing.pairs.map(\.studentIndex))
            let target = enter(pair.target, pairing.pairs.map(\.teacherIndex))
            self.pairs.append((source, target))
        }
    }

    private mutating func enter(_ model: Teacher, _ own: [Int]) -> Int {
        let index = models.firstIndex { $0 === model } ?? models.count
        if index == models.count {
            models.append(model)
            taps.append([])
        }
        taps[index].formUnion(own)
        return index
    }
}
