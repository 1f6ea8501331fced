import Reporting

/// Ends a run whose validation gets no better.
package struct EarlyStopping {
    /// So many epochs without a better one end the run; 0 for never.
    let patience: Int
    /// Epochs of the stages before, which do not count.
    let before: Int

    package init(patience: Int, before: Int) { (self.patience, self.before) = (patience, before) }

    /// Why the run ends, or nil.
    /// - Parameter epoch: the last finished one, from 1 over all stages.
    package func reason(after epoch: Int, _ best: BestWeights, _ metric: Metric) -> String? {
        guard patience > 0, epoch - max(best.epoch, before) >= patience else { return nil }
        return
            "no better validation \(metric.title) than \(metric.text(best.scores?.value ?? 0)) of epoch \(best.epoch) for "
            + "\(patience) \(patience == 1 ? "epoch" : "epochs")"
    }
}
