import Datasets
import Layers
import Optim

// Sharpness-aware minimisation: a second pass over the batch, from where the first one's gradients lead to.
extension TrainingStep {
    /// Replaces the gradients of the batch by those at the highest place nearby, and puts the values back.
    ///
    /// The second pass drops the same paths and the like as the first, and leaves running statistics as the first pass wants
    /// them.
    /// - Returns: the norm of the new gradients.
    /// - Throws: `NonFiniteError` where the loss or the gradients there are not finite; the values are as before then.
    func climb(_ ascent: SharpnessAscent, _ batch: Batch<Task.Target>, update: Int) throws -> Double {
        let (values, groups) = (state.store.flat, state.optimizer.groups)
        let before = ascent.climb(groups, parameters: values, gradients: gradients)
        defer { values.pointer.update(from: before.pointer, count: before.count) }
        _ = try self.gradients(of: batch, update: update)
        let norm = GradientClipping.norm(gradients, ranges: groups.trainableRanges)
        guard norm.isFinite else { throw try shared(NonFiniteError(self, batch, update: update, what: "gradient")) }
        return norm
    }
}
