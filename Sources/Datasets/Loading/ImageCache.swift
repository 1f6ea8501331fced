import Foundation
import Tensors

/// Keeps prepared images up to a number of bytes; what does not fit is read again each time.
final class ImageCache: @unchecked Sendable {  // every entry is guarded by its lock, the total by its own
    private let entries: UnsafeMutablePointer<PreparedImage?>
    private let count: Int
    private let locks = (0..<64).map { _ in NSLock() }
    private let totalLock = NSLock()
    private var remaining: Int

    init(count: Int, budget: Int) {
        entries = .allocate(capacity: count)
        entries.initialize(repeating: nil, count: count)
        self.count = count
        remaining = budget
    }

    deinit {
        entries.deinitialize(count: count)
        entries.deallocate()
    }

    /// The image at `index`, from `read` when it is not here yet. Threads that ask for different images read side by
    /// side.
    func image(_ index: Int, read: () throws -> PreparedImage) throws -> PreparedImage {
        let lock = locks[index % locks.count]
        lock.lock()
        let kept = entries[index]
        lock.unlock()
        if let kept { return kept }
        let image = try read()
        // The pixels, and what stands around them.
        if reserve(image.image.pixels.count + 160) {
            lock.lock()
            entries[index] = image
            lock.unlock()
        }
        return image
    }

    private func reserve(_ bytes: Int) -> Bool {
        totalLock.lock()
        defer { totalLock.unlock() }
        if bytes > remaining { return false }
        remaining -= bytes
        return true
    }
}

/// The motions of an image that is asked for several times, for tests.
package func cachedMotions(
    _ dataset: any ImageDataset, _ transform: Transform, random: Random, count: Int
) throws -> [Motion] {
    let cache = ImageCache(count: dataset.count, budget: 1 << 20)
    let workspace = TransformWorkspace()
    var pixels = [Float](repeating: 0, count: transform.valueCount)
    return try (0..<count).map { _ in
        let prepared = try cache.image(0) { transform.prepare(try dataset.image(0), workspace) }
        var random = random
        return transform.finish(prepared, &random, workspace, into: &pixels)
    }
}
