import Tensors

/// How a `BatchLoader` makes batches.
public struct LoaderOptions: Sendable {
    public var batchSize: Int
    /// The run's seed.
    public var seed: UInt64
    /// Whether every epoch has an order of its own; otherwise images come in the data set's order.
    public var shuffles: Bool
    /// Whether a shuffled epoch shows every class equally often; see `balancedOrder`.
    public var balances: Bool
    /// Whether a short batch at the end of an epoch is left out. The only batch of an epoch never is.
    public var dropsLast: Bool
    /// Background threads; 0 makes each batch when it is asked for.
    public var threads: Int
    /// How many bytes of decoded images may be kept.
    public var cacheBudget: Int
    /// Mixup and cutmix; batches then have soft targets.
    public var mixing: Mixing?
    /// Label smoothing of soft targets, 0..<1.
    public var smoothing: Float

    public init(
        batchSize: Int, seed: UInt64 = 0, shuffles: Bool = false, balances: Bool = false, dropsLast: Bool = false,
        threads: Int = 1, cacheBudget: Int = 1 << 30, mixing: Mixing? = nil, smoothing: Float = 0
    ) {
        self.batchSize = batchSize
        self.seed = seed
        self.shuffles = shuffles
        self.balances = balances
        self.dropsLast = dropsLast
        self.threads = threads
        self.cacheBudget = cacheBudget
        self.mixing = mixing
        self.smoothing = smoothing
    }

    /// How many batches an epoch of `count` images has.
    public func batchCount(of count: Int) -> Int {
        if count <= batchSize { return count > 0 ? 1 : 0 }
        return dropsLast ? count / batchSize : (count + batchSize - 1) / batchSize
    }
}

/// Makes any batch of any epoch: a pure function of the options, the epoch, its order and the batch's index.
final class BatchAssembler: Sendable {
    let dataset: any ImageDataset
    let transform: Transform
    let options: LoaderOptions
    let classCount: Int
    let batchCount: Int
    private let cache: ImageCache?
    private let sampleKey: RandomKey
    private let mixKey: RandomKey

    init(_ dataset: any ImageDataset, _ transform: Transform, _ options: LoaderOptions) {
        guard options.batchSize > 0 else { fatalError("BatchLoader: the batch size is \(options.batchSize)") }
        self.dataset = dataset
        self.transform = transform
        self.options = options
        classCount = dataset.classNames.count
        batchCount = options.batchCount(of: dataset.count)
        let gains = !dataset.isInMemory || transform.prepares
        cache = gains && options.cacheBudget > 0 ? ImageCache(count: dataset.count, budget: options.cacheBudget) : nil
        sampleKey = RandomKey(seed: options.seed, purpose: "data.transform")
        mixKey = RandomKey(seed: options.seed, purpose: "data.mix")
    }

    func order(epoch: Int) -> [Int] {
        guard options.balances else { return plainOrder(epoch: epoch) }
        return balancedOrder(labels: dataset.labels, classCount: classCount, seed: options.seed, epoch: epoch)
    }

    private func plainOrder(epoch: Int) -> [Int] {
        options.shuffles
            ? epochOrder(count: dataset.count, seed: options.seed, epoch: epoch) : Array(0..<dataset.count)
    }

    func makeBatch() -> Batch {
        Batch(
            capacity: min(options.batchSize, max(1, dataset.count)), height: transform.plan.height,
            width: transform.plan.width, channels: transform.plan.channels, classCount: classCount,
            softTargets: options.mixing != nil)
    }

    /// Overwrites `batch` with batch `index` of an epoch.
    func fill(_ batch: Batch, index: Int, epoch: Int, order: [Int], _ workspace: TransformWorkspace) throws {
        let range = index * options.batchSize..<min(order.count, (index + 1) * options.batchSize)
        batch.count = range.count
        batch.index = index
        batch.indices.removeAll(keepingCapacity: true)
        for (row, position) in range.enumerated() {
            let sample = order[position]
            let image = try prepared(sample, workspace)
            var random = Random(sampleKey.derived("", epoch, sample))
            transform.finish(image, &random, workspace, into: batch.imageMemory + row * transform.valueCount)
            batch.labelMemory[row] = Int32(dataset.label(sample))
            batch.indices.append(sample)
        }
        guard let mixing = options.mixing, let targets = batch.targetMemory else { return }
        var random = Random(mixKey.derived("", epoch, index))
        let share = mixing.apply(
            to: batch.imageMemory, count: batch.count, height: batch.height, width: batch.width,
            channels: batch.channels, &random)
        Mixing.writeTargets(
            labels: batch.labelMemory, count: batch.count, classCount: classCount, share: share,
            smoothing: options.smoothing, into: targets)
    }

    private func prepared(_ sample: Int, _ workspace: TransformWorkspace) throws -> PreparedImage {
        guard let cache else { return transform.prepare(try dataset.image(sample), workspace) }
        return try cache.image(sample) { transform.prepare(try dataset.image(sample), workspace) }
    }
}
