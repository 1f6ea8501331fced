import Foundation
import Tensors

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

/// A bounded queue of batches between the background threads and the one that takes them.
private final class BatchQueue<C: Collator>: @unchecked Sendable {  // the condition guards every variable
    private let assembler: BatchAssembler<C>
    private let wantedThreads: Int
    /// Those that were started; none makes each batch when it is asked for.
    private var threads: Int
    private let depth: Int
    private let condition = NSCondition()

    private var order: [Int] = []
    private var epoch = 0
    /// Tells batches of the present epoch from those of one left early.
    private var generation = 0
    private var nextTicket = 0
    private var nextDelivery = 0
    private var end = 0
    private var ready: [Result<Batch<C.Target>, any Error>?]
    private var spare: [ImageBatch] = []
    private var running = 0
    private var started = false
    private var stopped = false
    private let workspace = TransformWorkspace()

    init(_ assembler: BatchAssembler<C>, threads: Int) {
        self.assembler = assembler
        wantedThreads = threads
        self.threads = threads
        depth = threads + 1
        ready = Array(repeating: nil, count: depth)
    }

    func start(epoch: Int, at batch: Int) {
        let order = assembler.order(epoch: epoch)
        condition.lock()
        defer { condition.unlock() }
        generation += 1
        for case .success(let batch)? in ready { spare.append(batch.images) }
        ready = Array(repeating: nil, count: depth)
        self.order = order
        self.epoch = epoch
        nextTicket = batch
        nextDelivery = batch
        end = stopped ? batch : assembler.batchCount
        if !started && !stopped { launch() }
        condition.broadcast()
    }

    private func launch() {
        started = true
        threads = 0
        // The condition is held, so that no thread looks before all are counted.
        while threads < wantedThreads, SystemThread.start(stackSize: 1 << 20, { [self] in work() }) { threads += 1 }
        running = threads
    }

    var missingThreads: Int {
        condition.lock()
        defer { condition.unlock() }
        return wantedThreads - threads
    }

    func next() throws -> Batch<C.Target>? {
        condition.lock()
        defer { condition.unlock() }
        if nextDelivery >= end { return nil }
        if threads == 0 { return try makeNow() }
        let slot = nextDelivery % depth
        while ready[slot] == nil && !stopped { condition.wait() }
        guard let result = ready[slot] else { return nil }
        ready[slot] = nil
        nextDelivery += 1
        if case .failure = result { end = nextDelivery }
        condition.broadcast()
        return try result.get()
    }

    private func makeNow() throws -> Batch<C.Target> {
        let images = spare.popLast() ?? assembler.makeBatch()
        let batch: Batch<C.Target>
        do {
            batch = try assembler.fill(images, index: nextDelivery, epoch: epoch, order: order, workspace)
        } catch {
            end = nextDelivery
            throw error
        }
        nextDelivery += 1
        return batch
    }

    func recycle(_ batch: ImageBatch) {
        condition.lock()
        spare.append(batch)
        condition.unlock()
    }

    private func work() {
        let workspace = TransformWorkspace()
        condition.lock()
        while true {
            while !stopped && (nextTicket >= end || nextTicket >= nextDelivery + depth) { condition.wait() }
            if stopped { break }
            let (index, epoch, order, generation) = (nextTicket, self.epoch, self.order, self.generation)
            nextTicket += 1
            let images = spare.popLast()
            condition.unlock()
            let result = Result<Batch<C.Target>, any Error> {
                let images = images ?? assembler.makeBatch()
                return try assembler.fill(images, index: index, epoch: epoch, order: order, workspace)
            }
            condition.lock()
            if generation == self.generation {
                ready[index % depth] = result
                condition.broadcast()
            } else if case .success(let batch) = result {
                spare.append(batch.images)
            }
        }
        running -= 1
        condition.broadcast()
        condition.unlock()
    }

    func stop() {
        condition.lock()
        stopped = true
        end = nextDelivery
        condition.broadcast()
        while running > 0 { condition.wait() }
        condition.unlock()
    }
}
