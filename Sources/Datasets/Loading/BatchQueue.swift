import Foundation
import Tensors

/// A bounded queue of batches between the background threads and the one that takes them.
final class BatchQueue<C: Collator>: @unchecked Sendable {  // the condition guards every variable
    /// The epoch under way, and how far it is.
    private struct Epoch {
        var number = 0
        var order: [Int] = []
        /// The batch that a background thread makes next.
        var nextTicket = 0
        /// The batch that is handed out next.
        var nextDelivery = 0
        /// Behind its last batch.
        var end = 0
        /// Tells batches of this epoch from those of one left early.
        var generation = 0

        var isOver: Bool { nextDelivery >= end }
    }

    private struct Threads {
        let wanted: Int
        /// Those that were started; none makes each batch when it is asked for.
        var granted: Int
        var running = 0
        var areStarted = false
    }

    private let assembler: BatchAssembler<C>
    private let depth: Int
    private let condition = NSCondition()
    private let workspace = TransformWorkspace()

    private var epoch = Epoch()
    private var threads: Threads
    private var ready: [Result<Batch<C.Target>, any Error>?]
    private var spare: [ImageBatch] = []
    private var isStopped = false

    init(_ assembler: BatchAssembler<C>, threads: Int) {
        self.assembler = assembler
        self.threads = Threads(wanted: threads, granted: threads)
        depth = threads + 1
        ready = Array(repeating: nil, count: depth)
    }

    func start(epoch number: Int, at batch: Int) {
        let order = assembler.order(epoch: number)
        condition.lock()
        defer { condition.unlock() }
        for case .success(let batch)? in ready { spare.append(batch.images) }
        ready = Array(repeating: nil, count: depth)
        epoch = Epoch(
            number: number, order: order, nextTicket: batch, nextDelivery: batch,
            end: isStopped ? batch : assembler.batchCount, generation: epoch.generation + 1)
        if !threads.areStarted && !isStopped { launch() }
        condition.broadcast()
    }

    private func launch() {
        threads.areStarted = true
        threads.granted = 0
        // The condition is held, so that no thread looks before all are counted.
        while threads.granted < threads.wanted, SystemThread.start(stackSize: 1 << 20, { [self] in work() }) {
            threads.granted += 1
        }
        threads.running = threads.granted
    }

    var missingThreads: Int {
        condition.lock()
        defer { condition.unlock() }
        return threads.wanted - threads.granted
    }

    func next() throws -> Batch<C.Target>? {
        condition.lock()
        defer { condition.unlock() }
        if epoch.isOver { return nil }
        if threads.granted == 0 { return try makeNow() }
        let slot = epoch.nextDelivery % depth
        while ready[slot] == nil && !isStopped { condition.wait() }
        guard let result = ready[slot] else { return nil }
        ready[slot] = nil
        epoch.nextDelivery += 1
        if case .failure = result { epoch.end = epoch.nextDelivery }
        condition.broadcast()
        return try result.get()
    }

    private func makeNow() throws -> Batch<C.Target> {
        let images = spare.popLast() ?? assembler.makeBatch()
        let batch: Batch<C.Target>
        do {
            batch = try assembler.fill(
                images, index: epoch.nextDelivery, epoch: epoch.number, order: epoch.order, workspace)
        } catch {
            epoch.end = epoch.nextDelivery
            throw error
        }
        epoch.nextDelivery += 1
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
            while !isStopped && (epoch.nextTicket >= epoch.end || epoch.nextTicket >= epoch.nextDelivery + depth) {
                condition.wait()
            }
            if isStopped { break }
            let own = epoch
            epoch.nextTicket += 1
            let images = spare.popLast()
            condition.unlock()
            let result = Result<Batch<C.Target>, any Error> {
                let images = images ?? assembler.makeBatch()
                return try assembler.fill(
                    images, index: own.nextTicket, epoch: own.number, order: own.order, workspace)
            }
            condition.lock()
            if own.generation == epoch.generation {
                ready[own.nextTicket % depth] = result
                condition.broadcast()
            } else if case .success(let batch) = result {
                spare.append(batch.images)
            }
        }
        threads.running -= 1
        condition.broadcast()
        condition.unlock()
    }

    func stop() {
        condition.lock()
        isStopped = true
        epoch.end = epoch.nextDelivery
        condition.broadcast()
        while threads.running > 0 { condition.wait() }
        condition.unlock()
    }
}
