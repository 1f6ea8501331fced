import Tensors

/// How a `BatchLoader` makes batches.
public struct LoaderOptions: Sendable {
    /// How many images a batch has; the last one of an epoch may be smaller.
    public var batchSize: Int
    /// The run's seed.
    public var seed: UInt64
    /// Whether every epoch has an order of its own; otherwise images come in the data set's order.
    public var shuffles: Bool
    /// Whether a short batch at the end of an epoch is left out. The only batch of an epoch never is.
    public var dropsLast: Bool
    /// Background threads; 0 makes each batch when it is asked for.
    public var threads: Int
    /// How many bytes of decoded images may be kept.
    public var cacheBudget: Int
    /// The group of each image, where a shuffled epoch shows every group equally often: its images come in turn, in
    /// a new order each time round.
    public var groups: [Int]?

    /// - Parameters:
    ///   - threads: in the background; 0 makes each batch when it is asked for.
    ///   - cacheBudget: bytes of decoded images that may be kept.
    ///   - groups: one for each image, where a shuffled epoch shows every group equally often.
    public init(
        batchSize: Int, seed: UInt64 = 0, shuffles: Bool = false, dropsLast: Bool = false, threads: Int = 1,
        cacheBudget: Int = 1 << 30, groups: [Int]? = nil
    ) {
        self.batchSize = batchSize
        self.seed = seed
        self.shuffles = shuffles
        self.dropsLast = dropsLast
        self.threads = threads
        self.cacheBudget = cacheBudget
        self.groups = groups
    }

    /// How many batches an epoch of `count` images has.
    public func batchCount(of count: Int) -> Int {
        if count <= batchSize { return count > 0 ? 1 : 0 }
        return dropsLast ? count / batchSize : (count + batchSize - 1) / batchSize
    }
}

/// Makes any batch of any epoch: a pure function of the options, the epoch, its order and the batch's index.
final class BatchAssembler<C: Collator>: Sendable {
    let dataset: any AnnotatedDataset<C.Annotation>
    let transform: Transform
    let collator: C
    let options: LoaderOptions
    let batchCount: Int
    private let cache: ImageCache?
    private let sampleKey: RandomKey
    private let collatorKey: RandomKey

    init(
        _ dataset: any AnnotatedDataset<C.Annotation>, _ transform: Transform, _ collator: C, _ options: LoaderOptions
    ) {
        require(options.batchSize > 0, "BatchLoader", "the batch size is \(options.batchSize)")
        self.dataset = dataset
        self.transform = transform
        self.collator = collator
        self.options = options
        batchCount = options.batchCount(of: dataset.count)
        let gains = !dataset.isInMemory || transform.prepares
        cache = gains && options.cacheBudget > 0 ? ImageCache(count: dataset.count, budget: options.cacheBudget) : nil
        sampleKey = RandomKey(seed: options.seed, purpose: "data.transform")
        collatorKey = RandomKey(seed: options.seed, purpose: "data.mix")
    }

    func order(epoch: Int) -> [Int] {
        if let groups = options.groups { return EpochOrder.balanced(groups: groups, seed: options.seed, epoch: epoch) }
        return options.shuffles
            ? EpochOrder.shuffled(count: dataset.count, seed: options.seed, epoch: epoch) : Array(0..<dataset.count)
    }

    func makeBatch() -> ImageBatch {
        ImageBatch(
            capacity: min(options.batchSize, max(1, dataset.count)), height: transform.plan.height,
            width: transform.plan.width, channels: transform.plan.channels)
    }

    /// Overwrites `images` with batch `index` of an epoch.
    /// - Returns: the batch with its targets.
    func fill(
        _ images: ImageBatch, index: Int, epoch: Int, order: [Int], _ workspace: TransformWorkspace
    ) throws -> Batch<C.Target> {
        let range = index * options.batchSize..<min(order.count, (index + 1) * options.batchSize)
        images.count = range.count
        images.index = index
        images.indices.removeAll(keepingCapacity: true)
        var annotations: [C.Annotation] = []
        annotations.reserveCapacity(range.count)
        for (row, position) in range.enumerated() {
            let sample = order[position]
            let image = try prepared(sample, workspace)
            var random = Random(sampleKey.derived("", epoch, sample))
            let annotation = try dataset.annotation(sample)
            let motion = transform.finish(
                image, &random, workspace, into: images.memory + row * transform.valueCount,
                guide: TransformGuide(annotation))
            annotations.append(annotation.moved(by: motion))
            images.indices.append(sample)
        }
        var random = Random(collatorKey.derived("", epoch, index))
        return Batch(images: images, targets: try collator.collate(annotations, images, &random))
    }

    private func prepared(_ sample: Int, _ workspace: TransformWorkspace) throws -> PreparedImage {
        guard let cache else { return transform.prepare(try dataset.image(sample), workspace) }
        return try cache.image(sample) { transform.prepare(try dataset.image(sample), workspace) }
    }
}
