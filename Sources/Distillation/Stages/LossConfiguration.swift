import Configuration

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
    /// FGD: the weights of its terms, and whose convention places boxes on maps.
    public var focalGlobal = FocalGlobalRule()
    /// Losses on heads: which anchors count, and how far boxes are apart.
    public var head = HeadLossRule()
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
        if kind == .mgd { readMask(reader) }
        if kind == .fgd { focalGlobal = FocalGlobalRule(reader) }
        if kind.usesHead { head = HeadLossRule(reader, distance: kind == .boxKD) }
        weight = reader.double("weight", default: weight, in: notNegative, "Factor of the loss")
        if [.kd, .dkd, .dist, .headKD, .cwd, .fgd, .fgdAttention, .fgdFeature].contains(kind) {
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
        if kind.usesMaps {
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

    private mutating func readMask(_ reader: ConfigurationReader) {
        let none = "none"
        let word = reader.choice(
            "preset", of: [none] + DetectorPreset.allCases.map(\.rawValue), default: none,
            "The published constants for a kind of detector: positions are masked, on all maps")
        let preset = DetectorPreset(rawValue: word)
        if preset != nil { (mask, levels) = (.spatial, .all) }
        mask = reader.choice("mask", default: mask, "Whether channels or positions are masked")
        let usual = preset?.maskRatio ?? MaskedGenerationLoss.ratio(for: mask)
        maskRatio = reader.double("maskRatio", default: usual, in: 0...1.0.nextDown, "Share that is masked")
        weight = preset?.generationWeight ?? (mask == .spatial ? 2e-5 : weight)
    }
}
