extension Batch {
    /// The batch in consecutive parts of `size` images, the last one possibly smaller. They share the batch's memory and
    /// keep it alive; the batch itself where it is no larger than one part.
    public func parts(of size: Int) -> [Batch] {
        guard size > 0, size < count else { return [self] }
        return stride(from: 0, to: count, by: size).map { Batch(self, $0..<min($0 + size, count)) }
    }
}
