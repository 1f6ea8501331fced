/// How a backbone's batch norms work in training; in evaluation all take their running statistics. Detectors are trained
/// with few images at a time on weights that a classifier was trained to, whose statistics are better than a batch's.
public enum BackboneNorm: String, Sendable, Hashable, Codable, CaseIterable {
    /// By the statistics of each batch, which the running ones follow: for training from nothing.
    case batch
    /// By the running statistics, which stay as they are; factors and offsets are trained. mmdetection's `norm_eval`.
    case running
    /// By the running statistics, and factors and offsets stay as they are too. torchvision's `FrozenBatchNorm2d`.
    case frozen
}
