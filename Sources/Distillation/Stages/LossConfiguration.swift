import Configuration

/// The losses that a stage may use.
public enum LossKind: String, Sendable, CaseIterable, OldSpellings {
    case kd, dkd, dist
    case l2, at, cwd, pkd, mgd
    case fgdGlobal, fgdAttention, fgdFeature

    /// Words that were written with hyphens.
    public static var oldSpellings: [String: LossKind] {
        ["fgd-global": .fgdGlobal, "fgd-attention": .fgdAttention, "fgd-feature": .fgdFeature]
    }

    /// The name in logs and of the parameters of the loss, which stay as they were first written.
    package var name: String { LossKind.oldSpellings.first { $0.value == self }?.key ?? rawValue }

    /// Whether it compares logits; the others compare maps.
    public var usesLogits: Bool { self == .kd || self == .dkd || self == .dist }

    /// Whether it needs to know the right classes.
    package var needsLabels: Bool { self == .dkd }

    /// Whether the student's map must first have the teacher's channels and size.
    public var needsAdapter: Bool { !usesLogits && self != .at }

    /// The published weight for this reduction; 1 where none is published.
    public var defaultWeight: Double {
        switch self {
        case .kd, .dkd, .l2: 1
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
        case .fgdAttention, .fgdFeature: 0.5
        default: 1
        }
    }

    /// Which levels take part: MGD uses the last map alone.
    public var defaultLevels: LossConfiguration.Levels { self == .mgd ? .last : .all }

    /// Whether levels are averaged; otherwise they are added.
    var averagesLevels: Bool { self == .l2 }
}

/// One loss of a stage: its kind, its constants, and when it acts.
public struct LossConfiguration: Sendable, Hashable {
    /// Which of the paired maps a loss compares.
    public enum Levels: String, Sendable, CaseIterable {
        case all, last
    }

    /// Which loss.
    public var kind: LossKind
    /// The factor of the loss.
    public var weight: Double
    /// The temperature of its softmax, where it has one.
    public var temperature: Double
    /// DKD: weight of the target term; DIST: of the term within an image.
    public var alpha: Double
    /// DKD: weight of the term among the other classes; DIST: of the term over the batch.
    public var beta: Double
    /// MGD: what is masked.
    public var mask = MaskedGenerationLoss.Mask.channel
    /// MGD: the share that is masked.
    public var maskRatio: Double
    /// Which maps take part.
    public var levels: Levels
    /// Epochs of a stage over which the weight rises from 0.
    public var warmupEpochs = 0.0
    /// The epoch of a stage from which on the loss is off.
    public var stopEpoch: Double?

    /// A loss with the constants that are usual for its kind.
    public init(_ kind: LossKind) {
        self.kind = kind
        weight = kind.defaultWeight
        temperature = kind.defaultTemperature
        alpha = 1
        beta = kind == .dkd ? 8 : 1
        maskRatio = MaskedGenerationLoss.ratio(for: .channel)
        levels = kind.defaultLevels
    }

    /// Reads one entry of the list `losses`.
    public init(_ reader: ConfigurationReader) {
        let kind = reader.requiredChoice("kind", of: LossKind.self, harmless: .kd, "Which loss")
        self.init(kind)
        let positive = Double.leastNonzeroMagnitude ... .greatestFiniteMagnitude
        let notNegative = 0...Double.greatestFiniteMagnitude
        if kind == .mgd {
            mask = reader.choice("mask", default: mask, "Whether channels or positions are masked")
            maskRatio = reader.double(
                "maskRatio", default: MaskedGenerationLoss.ratio(for: mask), in: 0...1.0.nextDown,
                "Share that is masked")
            if mask == .spatial { weight = 2e-5 }
        }
        weight = reader.double("weight", default: weight, in: notNegative, "Factor of the loss")
        if kind.usesLogits || kind == .cwd || kind == .fgdAttention || kind == .fgdFeature {
            temperature = reader.double("temperature", default: temperature, in: positive, "Temperature of the softmax")
        }
        if kind == .dkd {
            alpha = reader.double("alpha", default: alpha, in: notNegative, "Weight of the target class")
            beta = reader.double("beta", default: beta, in: notNegative, "Weight of the other classes")
        }
        if kind == .dist {
            alpha = reader.double("alpha", default: alpha, in: notNegative, "Weight of relations within an image")
            beta = reader.double("beta", default: beta, in: notNegative, "Weight of relations over the batch")
        }
        if !kind.usesLogits {
            levels = reader.choice("levels", default: levels, "All paired maps, or the last alone")
        }
        warmupEpochs = reader.double(
            "warmupEpochs", default: 0, in: notNegative, "Epochs of a stage over which the weight rises from 0")
        stopEpoch = reader.optionalDouble(
            "stopEpoch", in: notNegative, "Epoch of a stage from which on the loss is off; never when absent")
    }

    /// The weight at a moment of the stage, in epochs: rises linearly during the warm-up, 0 from the stop epoch on.
    public func weight(atEpoch epoch: Double) -> Double {
        if let stopEpoch, epoch >= stopEpoch { return 0 }
        return weight * (warmupEpochs > 0 ? min(1, max(0, epoch) / warmupEpochs) : 1)
    }
}
