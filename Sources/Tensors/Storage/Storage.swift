// Storage: the memory of tensors, and the pool that it comes from.

/// A block of the pool with room for `count` elements; it goes back to the pool when nothing refers to it.
///
/// Whoever creates a storage fills it before sharing it; afterwards nobody writes. The exceptions belong to a training
/// loop and are written between its steps alone: the parameter buffer (by the optimizer, by loading weights and by moving
/// averages), gradients and the memory of the optimizer.
public final class Storage<S: Scalar>: @unchecked Sendable {
    /// The first element, aligned to 64 bytes.
    public let pointer: UnsafeMutablePointer<S>
    /// The number of elements.
    public let count: Int
    private let block: StoragePool.Block
    /// How often the elements were changed after the storage was shared, as far as `noteChange` was told.
    package private(set) var version = 0

    /// Uninitialised memory for `count` elements.
    public init(count: Int) {
        self.count = count
        let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<S>.stride)
        block = StoragePool.shared.take(overflow ? .max : bytes)
        pointer = block.pointer.bindMemory(to: S.self, capacity: max(count, 1))
    }

    /// Called by those who write a storage that is shared, whenever they do: what was made of the old elements is stale.
    package func noteChange() { version &+= 1 }

    deinit { StoragePool.shared.give(block) }
}
