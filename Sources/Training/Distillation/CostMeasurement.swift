import Datasets
import Distillation
import Layers
import Tasks
import Tensors

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
    /// The most places of each map that count.
    let positions: Int
    private let maps: MapStore

    init(
        _ section: CostSection, _ data: PreparedData<Task.Annotation>, _ task: Task, _ recipe: Recipe, positions: Int,
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
        self.positions = positions
        self.maps = maps
    }

    /// C(source -> target) for each pair, the models run once per image whatever the number of pairs.
    func costs(_ pairs: [(source: Teacher, target: Teacher)]) throws -> [AdaptationCost] {
        let pairings = try pairs.map { try FeaturePairing(student: $0.source.taps, teacher: $0.target.taps) }
        var evaluators: [AdaptationCostEvaluator]
        switch section.method {
        case .exact:
            var sums = pairings.map { AdaptationCostAccumulator($0, ridge: section.ridge, positions: positions) }
            try stream(.training, train, limit: section.images, pairs) { index, source, target in
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
                try stream(.training, train, limit: images, epoch: epoch, batchSize: batch, pairs) {
                    index, source, target in
                    fits[index].update(studentFeatures: source, teacherFeatures: target)
                }
            }
            evaluators = fits.map { $0.fitted() }
        }
        try stream(.validation, validation, limit: .max, pairs) { index, source, target in
            evaluators[index].add(studentFeatures: source, teacherFeatures: target)
        }
        return evaluators.map { $0.cost(samples: section.resamples, seed: seed) }
    }

    /// - Parameters:
    ///   - part: what maps are kept under.
    ///   - batchSize: of batches whose maps are not kept; nil for the usual ones, which are.
    private func stream(
        _ part: TeacherPart, _ dataset: any AnnotatedDataset<Task.Annotation>, limit: Int, epoch: Int = 0,
        batchSize: Int? = nil, _ pairs: [(source: Teacher, target: Teacher)],
        _ body: (Int, [Tensor<Float>], [Tensor<Float>]) -> Void
    ) throws {
        var models: [Teacher] = []
        for pair in pairs {
            for model in [pair.source, pair.target] where !models.contains(where: { $0 === model }) {
                models.append(model)
            }
        }
        func measure(_ maps: [[Tensor<Float>]]) {
            func own(_ model: Teacher) -> [Tensor<Float>] {
                models.firstIndex { $0 === model }.map { maps[$0] } ?? []
            }
            for (index, pair) in pairs.enumerated() { body(index, own(pair.source), own(pair.target)) }
        }
        if batchSize == nil, let batches = maps.all(models, part) { return batches.forEach(measure) }
        // Shuffled, since image folders come class by class and the limit may cut them short.
        let options = LoaderOptions(
            batchSize: batchSize ?? self.batchSize, seed: seed, shuffles: true, threads: threads, cacheBudget: 0)
        let transform = try Transform(plan, mode: .evaluation)
        var index = 0
        func add(_ images: Tensor<Float>, _ shown: Shown?) {
            let features = models.map { model in
                (batchSize == nil ? maps.kept(model, part, batch: index) : nil)
                    ?? model.features(images, shown: shown, part: part)
            }
            if batchSize == nil { maps.keep(features, of: models, part, batch: index) }
            measure(features)
            index += 1
        }
        if models.contains(where: { !$0.views.isEmpty }) {
            let loader = BatchLoader(
                dataset, transform: transform, collator: task.collator(training: false), options: options)
            try each(loader, epoch: epoch, limit: limit) { batch in
                let motions = task.motions(batch.targets)
                add(Tensor(batch), motions.map { Shown(indices: batch.indices, motions: $0) })
            }
        } else {
            let loader = BatchLoader(dataset, transform: transform, collator: ImagesOnly(), options: options)
            try each(loader, epoch: epoch, limit: limit) { add(Tensor($0), nil) }
        }
        if batchSize == nil { maps.finish(models, part) }
    }

    private func each<C: Collator>(
        _ loader: BatchLoader<C>, epoch: Int, limit: Int, _ body: (Batch<C.Target>) -> Void
    ) throws {
        var seen = 0
        loader.start(epoch: epoch)
        while seen < limit, let batch = try loader.next() {
            body(batch)
            seen += batch.count
        }
    }
}

/// The maps of teachers for the images that costs are measured on, so that a second measurement runs none of them again;
/// only as much as there is memory for.
final class MapStore {
    private var batches: [String: [[Tensor<Float>]]] = [:]
    private var complete: Set<String> = []
    private var refused: Set<String> = []
    private var bytes = 0
    private let limit: Int

    init(megabytes: Int) { limit = megabytes << 20 }

    /// The student of a moment is asked once, and is no teacher.
    private func key(_ model: Teacher, _ part: TeacherPart) -> String { "\(part)/" + model.sha256 }

    /// All batches, if the maps of all models are there.
    func all(_ models: [Teacher], _ part: TeacherPart) -> [[[Tensor<Float>]]]? {
        let keys = models.map { key($0, part) }
        guard keys.allSatisfy(complete.contains), let first = keys.first, let count = batches[first]?.count else {
            return nil
        }
        return (0..<count).map { index in keys.map { batches[$0]?[index] ?? [] } }
    }

    func kept(_ model: Teacher, _ part: TeacherPart, batch: Int) -> [Tensor<Float>]? {
        let key = key(model, part)
        return complete.contains(key) ? batches[key]?[batch] : nil
    }

    func keep(_ features: [[Tensor<Float>]], of models: [Teacher], _ part: TeacherPart, batch: Int) {
        for (model, maps) in zip(models, features) {
            let key = key(model, part)
            guard model.keepsMaps, !complete.contains(key), !refused.contains(key) else { continue }
            let size = maps.reduce(0) { $0 + 4 * $1.elementCount }
            guard bytes + size <= limit else {
                bytes -= (batches[key] ?? []).joined().reduce(0) { $0 + 4 * $1.elementCount }
                batches[key] = nil
                refused.insert(key)
                continue
            }
            bytes += size
            batches[key, default: []].append(maps)
        }
    }

    func finish(_ models: [Teacher], _ part: TeacherPart) {
        for model in models where batches[key(model, part)] != nil { complete.insert(key(model, part)) }
    }
}
