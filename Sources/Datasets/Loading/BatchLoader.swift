// Loading: from a data set to the batches of an epoch, in an order that depends on the seed and the epoch alone.

/// Gives the batches of an epoch in order while background threads make the next ones.
///
/// A batch depends on the seed, the epoch and its index alone, not on the number of threads or on where the epoch was
/// entered. One thread at a time may call the methods. The background threads end with the loader.
public final class BatchLoader<C: Collator> {
    private let assembler: BatchAssembler<C>
    private let queue: BatchQueue<C>
    /// The batch handed out last; used again as soon as nobody else holds it.
    private var lent: ImageBatch?

    /// - Parameter collator: what makes the targets.
    public init(
        _ dataset: any AnnotatedDataset<C.Annotation>, transform: Transform, collator: C, options: LoaderOptions
    ) {
        assembler = BatchAssembler(dataset, transform, collator, options)
        queue = BatchQueue(assembler, threads: max(0, options.threads))
    }

    deinit { queue.stop() }

    /// How many batches an epoch has.
    public var batchCount: Int { assembler.batchCount }
    /// What is done to the images.
    public var plan: TransformPlan { assembler.transform.plan }
    /// Where the images come from.
    public var dataset: any AnnotatedDataset<C.Annotation> { assembler.dataset }

    /// Enters an epoch at a batch; what was prepared for another epoch is dropped.
    public func start(epoch: Int, at batch: Int = 0) {
        recycle()
        queue.start(epoch: epoch, at: batch)
    }

    /// The next batch, nil at the end of the epoch; throws the error of the file that could not be read, and then ends
    /// the epoch.
    public func next() throws -> Batch<C.Target>? {
        recycle()
        let batch: Batch<C.Target>?
        do { batch = try queue.next() } catch let error as DatasetError {
            // Here and not on the background thread that met the file: what else is broken is searched on all threads.
            throw dataset.explained(error)
        }
        lent = batch?.images
        return batch
    }

    /// How many background threads the system granted fewer than were asked for; known once an epoch is entered. Without
    /// any, each batch is made when it is asked for.
    public var missingThreads: Int { queue.missingThreads }

    /// Ends the background threads; later epochs cannot be entered.
    public func stop() { queue.stop() }

    private func recycle() {
        if lent != nil, isKnownUniquelyReferenced(&lent) { queue.recycle(lent!) }
        lent = nil
    }
}
