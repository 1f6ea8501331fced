import Configuration

/// The kinds of detectors for which constants of losses are published.
public enum DetectorPreset: String, Sendable, CaseIterable {
    /// One stage with anchors: RetinaNet.
    case anchor
    /// One stage without anchors: FCOS, RepPoints.
    case anchorFree
    /// Two stages: Faster, Mask and Cascade R-CNN.
    case twoStage

    /// MGD's share of masked positions.
    var maskRatio: Double { self == .twoStage ? 0.45 : 0.65 }

    /// MGD's weight.
    var generationWeight: Double { self == .twoStage ? 5e-7 : 2e-5 }
}

/// The weights of FGD's four terms, and how boxes are placed on maps.
public struct FocalGlobalRule: Sendable, Hashable {
    /// Of the feature term on objects.
    public var alpha: Double
    /// Of the feature term beside them.
    public var beta: Double
    /// Of the attention term.
    public var gamma: Double
    /// Of the global relation.
    public var lambda: Double
    /// Whether boxes are divided by the size of each image as the authors' program does, which shifts and stretches them
    /// where a batch is padded, and not by the padded size of the input.
    public var followsReference = false

    /// The published weights for a kind of detector.
    public init(_ preset: DetectorPreset = .anchor) {
        switch preset {
        case .anchor: (alpha, beta, gamma, lambda) = (1e-3, 5e-4, 5e-4, 5e-6)
        case .anchorFree: (alpha, beta, gamma, lambda) = (1.6e-3, 8e-4, 8e-4, 8e-6)
        case .twoStage: (alpha, beta, gamma, lambda) = (5e-5, 2.5e-5, 5e-5, 5e-7)
        }
    }

    init(_ reader: ConfigurationReader) {
        let notNegative = 0...Double.greatestFiniteMagnitude
        self.init(
            reader.choice("preset", default: DetectorPreset.anchor, "The published weights for a kind of detector"))
        alpha = reader.double("alpha", default: alpha, in: notNegative, "Weight of features on objects")
        beta = reader.double("beta", default: beta, in: notNegative, "Weight of features beside objects")
        gamma = reader.double("gamma", default: gamma, in: notNegative, "Weight of the attention")
        lambda = reader.double("lambda", default: lambda, in: notNegative, "Weight of the global relation")
        followsReference = reader.bool(
            "fgdReference", default: false,
            "Whether boxes are placed as the authors' program does, which is off where batches are padded")
    }
}

/// What losses on heads count, and how they measure.
public struct HeadLossRule: Sendable, Hashable {
    /// How far the student's box is from the teacher's.
    public enum Distance: String, Sendable, CaseIterable {
        /// 1 less the generalised intersection over union.
        case giou
        /// Smooth L1 between the four numbers, its beta 1 / 9.
        case smoothL1
    }

    /// An anchor counts where the teacher gives a class at least this probability.
    public var threshold: Double
    /// Between boxes.
    public var distance: Distance

    /// The defaults unless others are given.
    public init(threshold: Double = 0.3, distance: Distance = .giou) {
        (self.threshold, self.distance) = (threshold, distance)
    }

    init(_ reader: ConfigurationReader, distance hasDistance: Bool) {
        self.init()
        threshold = reader.double(
            "threshold", default: threshold, in: 0...1,
            "Anchors count where the teacher gives a class at least this probability")
        if hasDistance {
            distance = reader.choice(
                "distance", default: distance, "How far the student's box is from the teacher's")
        }
    }
}
