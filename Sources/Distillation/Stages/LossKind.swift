import Configuration

/// The losses that a stage may use.
public enum LossKind: String, Sendable, CaseIterable, OldSpellings {
    case kd, dkd, dist
    case headKD, boxKD
    case l2, at, cwd, pkd, mgd
    case fgd
    case fgdGlobal, fgdAttention, fgdFeature

    /// Words that were written with hyphens.
    public static var oldSpellings: [String: LossKind] {
        ["fgd-global": .fgdGlobal, "fgd-attention": .fgdAttention, "fgd-feature": .fgdFeature]
    }

    /// The name in logs and of the parameters of the loss, which stay as they were first written.
    package var name: String { LossKind.oldSpellings.first { $0.value == self }?.key ?? rawValue }

    /// Whether it compares logits of images or pixels.
    public var usesLogits: Bool { self == .kd || self == .dkd || self == .dist }

    /// Whether it compares what dense heads of detectors answer.
    public var usesHead: Bool { self == .headKD || self == .boxKD }

    /// Whether it compares maps, so that taps must be paired.
    public var usesMaps: Bool { !usesLogits && !usesHead }

    /// Whether it looks where the objects are, if they are known.
    public var usesRegions: Bool { self == .fgd }

    /// Whether it needs to know the right classes.
    package var needsLabels: Bool { self == .dkd }

    /// Whether the student's map must first have the teacher's channels and size.
    public var needsAdapter: Bool { usesMaps && self != .at }

    /// The published weight for this reduction; 1 where none is published.
    public var defaultWeight: Double {
        switch self {
        case .kd, .dkd, .l2: 1
        // Weights of its own for each of its terms.
        case .fgd: 1
        case .headKD, .boxKD: 1
        case .dist: 2
        case .at: 1000
        case .cwd: 5
        case .pkd: 6
        case .mgd: 7e-5
        case .fgdGlobal: 5e-6
        case .fgdAttention: 5e-4
        case .fgdFeature: 5e-4
        }
    }

    /// The temperature where none is given.
    public var defaultTemperature: Double {
        switch self {
        case .kd, .dkd: 4
        case .fgd, .fgdAttention, .fgdFeature: 0.5
        default: 1
        }
    }

    /// Which levels take part: MGD uses the last map alone.
    public var defaultLevels: LossConfiguration.Levels { self == .mgd ? .last : .all }

    /// Whether levels are averaged; otherwise they are added.
    var averagesLevels: Bool { self == .l2 }
}
