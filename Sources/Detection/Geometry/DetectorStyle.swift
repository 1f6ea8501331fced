// Detection: what detectors do with boxes and masks outside their networks, and the numbers that they are measured by.

/// Whose rules a detector follows where public systems differ; one word sets them all.
public enum DetectorStyle: String, Codable, Hashable, Sendable, CaseIterable {
    /// Those of torchvision's detectors.
    case torchvision
    /// Those of mmdetection, by which the published numbers of most articles were measured.
    case mmdetection
}
