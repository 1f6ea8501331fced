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
    /// Batches of images of like shape, cut to what the largest of them needs; nil leaves all at the size of the input.
    public var trimming: Trimming?
    /// Images joined from four, for annotations that can be; nil for none.
    public var mosaic: Mosaic?
    /// How often each image of a shuffled epoch comes in a row, each time altered in another way; an epoch has as many images
    /// all the same, so that it shows a part of them. Not beside groups and trimming.
    public var repeats = 1
    /// Which of so many equal runs of each batch's images are loaded, where several processes share a batch; all of it
    /// where its images depend on each other.
    package var share = (index: 0, count: 1)

    /// How batches are cut to what their images need.
    public struct Trimming: Sendable, Equatable {
        /// Sides stay multiples of this.
        public var multiple: Int
        /// The shape of each image: those of one shape come in one batch, as far as there are enough of them.
        public var shapes: [Int]

        /// - Parameters:
        ///   - multiple: sides stay multiples of this.
        ///   - shapes: a number for each image, the same one for like shapes.
        public init(multiple: Int = 32, shapes: [Int]) { (self.multiple, self.shapes) = (multiple, shapes) }

        /// By what is longer: height or width.
        public init(multiple: Int = 32, of dataset: any ImageDataset) throws {
            let shapes = try (0..<dataset.count).map { index in
                let shape = try dataset.shape(index)
                return shape.width >= shape.height ? 0 : 1
            }
            self.init(multiple: multiple, shapes: shapes)
        }
    }

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
    /// Whether images of a batch depend on the others.
    private let needsWhole: Bool
    let mosaicKey: RandomKey

    init(
        _ dataset: any AnnotatedDataset<C.Annotation>, _ transform: Transform, _ collator: C, _ options: LoaderOptions
    ) {
        require(options.batchSize > 0, "BatchLoader", "the batch size is \(options.batchSize)")
        require(
            options.trimming.map { $0.multiple > 0 && $0.shapes.count == dataset.count } ?? true, "BatchLoader",
            "trimming needs a multiple above 0 and the shape of each image")
        require(
            options.repeats == 1 || options.repeats > 1 && options.groups == nil && options.trimming == nil,
            "BatchLoader",
            "images are repeated \(options.repeats) times, expected 1, or more without groups and trimming")
        self.dataset = dataset
        self.transform = transform
        self.collator = collator
        self.options = options
        batchCount = options.batchCount(of: dataset.count)
        needsWhole = collator.looksAcrossImages || options.trimming != nil
        let gains = !dataset.isInMemory || transform.prepares
        cache = gains && options.cacheBudget > 0 ? ImageCache(count: dataset.count, budget: options.cacheBudget) : nil
        sampleKey = RandomKey(seed: options.seed, purpose: "data.transform")
        collatorKey = RandomKey(seed: options.seed, purpose: "data.mix")
        mosaicKey = RandomKey(seed: options.seed, purpose: "data.mosaic")
    }

    func order(epoch: Int) -> [Int] {
        if let trimming = options.trimming, options.shuffles {
            return EpochOrder.alike(
                shapes: trimming.shapes, batchSize: options.batchSize, seed: options.seed, epoch: epoch)
        }
        if let groups = options.groups { return EpochOrder.balanced(groups: groups, seed: options.seed, epoch: epoch) }
        if options.shuffles, options.repeats > 1 {
            return EpochOrder.repeated(
                count: dataset.count, times: options.repeats, seed: options.seed, epoch: epoch)
        }
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
        let whole = index * options.batchSize..<min(order.count, (index + 1) * options.batchSize)
        let own =
            needsWhole
            ? 0..<whole.count : BatchSlices.range(options.share.index, of: options.share.count, images: whole.count)
        let range = whole.lowerBound + own.lowerBound..<whole.lowerBound + own.upperBound
        images.count = range.count
        images.wholeCount = whole.count
        images.first = own.lowerBound
        images.index = index
        images.indices.removeAll(keepingCapacity: true)
        images.restore(canvas)
        var (annotations, motions): ([C.Annotation], [Motion]) = ([], [])
        annotations.reserveCapacity(range.count)
        for (row, position) in range.enumerated() {
            let sample = order[position]
            // Each copy of an image has random numbers of its own, the first one those of an image that comes once.
            let copy = options.shuffles ? position % options.repeats : 0
            let (image, annotation) = try piece(sample, copy: copy, epoch: epoch, workspace)
            var random = Random(Self.key(sampleKey, epoch: epoch, sample, copy: copy))
            let motion = transform.finish(
                image, &random, workspace, into: images.memory + row * transform.valueCount,
                guide: TransformGuide(annotation))
            annotations.append(annotation)
            motions.append(motion)
            images.indices.append(sample)
        }
        let size = trimmed(motions)
        images.trim(to: size)
        for (row, motion) in motions.enumerated() {
            let whole = size == canvas ? motion : motion.then(.crop(canvas, x: 0, y: 0, to: size))
            annotations[row] = annotations[row].moved(by: whole)
        }
        var random = Random(collatorKey.derived("", epoch, index))
        return Batch(images: images, targets: try collator.collate(annotations, images, &random))
    }

    /// The random numbers of a copy of an image.
    static func key(_ key: RandomKey, epoch: Int, _ sample: Int, copy: Int) -> RandomKey {
        let own = key.derived("", epoch, sample)
        return copy == 0 ? own : own.derived("copy", copy)
    }

    var canvas: Pair { Pair(transform.plan.height, transform.plan.width) }

    /// What the images of a batch need of the input: up to the last place that shows any of them.
    private func trimmed(_ motions: [Motion]) -> Pair {
        guard let trimming = options.trimming else { return canvas }
        var (right, bottom) = (1.0, 1.0)
        for motion in motions {
            // What cannot be followed takes all of the input.
            guard let shown = motion.shownBox else { return canvas }
            (right, bottom) = (max(right, shown.right), max(bottom, shown.bottom))
        }
        func side(_ length: Double, _ most: Int) -> Int {
            // Rounding may lead a little beyond a whole number.
            let needed = Int((length - 1e-6).rounded(.up))
            return min(most, (needed + trimming.multiple - 1) / trimming.multiple * trimming.multiple)
        }
        return Pair(side(bottom, canvas.height), side(right, canvas.width))
    }

    func prepared(_ sample: Int, _ workspace: TransformWorkspace) throws -> PreparedImage {
        guard let cache else { return transform.prepare(try dataset.image(sample), workspace) }
        return try cache.image(sample) { transform.prepare(try dataset.image(sample), workspace) }
    }
}
