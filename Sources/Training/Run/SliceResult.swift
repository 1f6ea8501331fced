import Layers
import Tasks

/// What going forward and backward over a slice of a batch gives beside its gradients; nothing for a slice without images.
struct SliceResult {
    /// Of images that went through the model at once.
    struct Part {
        var loss: Double
        /// What the part counts for in the batch's loss, 0...1.
        var share: Double
        /// The task's training metric, summed over the images.
        var measured: Double
        var terms: [TaskLoss.Term]
    }

    var parts: [Part] = []
    /// What becomes of buffers such as running statistics.
    var updates = BufferUpdates<Float>()
}
