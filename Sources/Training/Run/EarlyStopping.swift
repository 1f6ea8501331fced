import Reporting

/// Ends a run whose validation gets no better.
package struct EarlyStopping {
    /// So many epochs without a better one end the run; 0 for never.
    let patience: Int
    /// Epochs of the stages before, which do not count.
    let before: Int

    package init(patience: Int, before: Int) { (self.patience, self.before) = (patience, before) }

    /// Why a stage ends, or nil: what counts is its own best validation, as restarts of the learning rate set a stage back
    /// at first.
    /// - Parameter epoch: of the stage, from 1.
    package static func reason(after epoch: Int, _ peak: Peak?, patience: Int, _ metric: Metric) -> String? {
        guard patience > 0, let peak, epoch - peak.epoch >= patience else { return nil }
        return
            "no better validation \(metric.title) than \(metric.text(peak.value)) of its epoch \(peak.epoch) for "
            + "\(patience) \(patience == 1 ? "epoch" : "epochs")"
    }

    /// Why the run ends, or nil.
    /// - Parameter epoch: the last finished one, from 1 over all stages.
    package func reason(after epoch: Int, _ best: BestWeights, _ metric: Metric) -> String? {
        guard patience > 0, epoch - max(best.epoch, before) >= patience else { return nil }
        return
            "no better validation \(metric.title) than \(metric.text(best.scores?.value ?? 0)) of epoch \(best.epoch) for "
            + "\(patience) \(patience == 1 ? "epoch" : "epochs")"
    }
}

/// The best validation of a stage.
package struct Peak: Sendable, Equatable {
    /// Of the stage, from 1.
    package let epoch: Int
    package let value: Double

    package init(epoch: Int, value: Double) { (self.epoch, self.value) = (epoch, value) }
}
