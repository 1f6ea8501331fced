import Tensors

extension Tensor where S == Float {
    /// The pixels of a batch, [count, height, width, channels]; a copy, so the batch's memory may be used again.
    public init(_ batch: Batch) {
        let source = batch.images
        self.init([batch.count, batch.height, batch.width, batch.channels]) { target in
            if let base = source.baseAddress { target.update(from: base, count: source.count) }
        }
    }
}
