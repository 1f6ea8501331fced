import Configuration
import Models

/// What a configuration of a detector says.
public struct DetectorKeys: Sendable {
    /// The key `head`.
    package var head: any DetectorHeadSpecification
    /// The key `neck`.
    package var neck: any NeckSpecification
    /// What files of objects mean.
    package var data = ObjectKeys()
    /// The key `loss`.
    package var loss = DetectorLossKeys()
    /// The key `evaluation`.
    package var limits = DetectionLimits()

    /// A head on its usual pyramid.
    package init(head: any DetectorHeadSpecification, neck: (any NeckSpecification)? = nil) {
        (self.head, self.neck) = (head, neck ?? head.usualNeck)
    }

    /// Reads all sections of a detector.
    /// - Parameter masks: whether the task needs a head that answers masks.
    package init(_ reader: ConfigurationReader, masks: Bool) {
        let kind = masks ? RegionHeadSpecification.Kind.maskRcnn.rawValue : RetinaNetHeadSpecification.name
        let parts = DetectorHead.read(reader, usual: kind)
        self.init(head: parts.head, neck: parts.neck)
        check(reader, masks: masks)
        data = reader.section("data", "Images and what is done to them") { ObjectKeys($0) }
        loss = reader.section("loss", "What is minimised") { DetectorLossKeys($0) }
        let most = head.style == .torchvision && !masks && head is RetinaNetHeadSpecification ? 300 : 100
        limits = reader.section("evaluation", "How images are evaluated") { DetectionLimits($0, most: most) }
    }

    /// The kinds of heads that find objects.
    package static var heads: [any DetectorHeadSpecification.Type] {
        ModelHead.all.compactMap { $0 as? any DetectorHeadSpecification.Type }
    }

    /// Heads with masks and tasks with masks belong together.
    private func check(_ reader: ConfigurationReader, masks: Bool) {
        guard masks != head.answersMasks else { return }
        let message =
            masks
            ? "the head says nothing of masks, expected maskRcnn or cascadeMaskRcnn for task: instances, or task: detection"
            : "the head learns masks, expected task: instances beside it, or fasterRcnn or cascadeRcnn"
        reader.section("head", "What finds objects") { $0.problem("kind", message) }
    }
}

extension DetectionLimits {
    /// Reads the keys of `evaluation`.
    /// - Parameter most: objects of an image where the key says nothing.
    init(_ reader: ConfigurationReader, most: Int) {
        self.init()
        score = reader.double(
            "scoreThreshold", default: score, in: 0...1,
            "Candidates that the detector is not surer of are no objects, in evaluation; predict takes the threshold of the "
                + "best F1, which weights keep")
        perLevel = reader.int(
            "candidates", default: perLevel, in: 1...100_000, "The surest candidates of each level that are looked at")
        overlap = reader.double(
            "overlap", default: overlap, in: 0...1,
            "Of two objects of one class whose boxes overlap by more than this (IoU) the surer one stays")
        self.most = reader.int("objects", default: most, in: 1...10_000, "The most objects of an image")
    }
}

extension DetectorLossKeys {
    /// Reads the keys of `loss`.
    init(_ reader: ConfigurationReader) {
        self.init()
        let kind = reader.choice(
            "box", of: ["style"] + Kind.allCases.map(\.rawValue), default: "style",
            "How far a box is off: \(Kind.words), or what the head's style says")
        box = Kind(rawValue: kind)
        beta = reader.optionalDouble("beta", in: 0...1000, "Where smoothL1 goes over into L1; by the style when absent")
        classWeight = reader.double("classWeight", default: 1, in: 0...1000, "Weight of the loss of classes")
        boxWeight = reader.double("boxWeight", default: 1, in: 0...1000, "Weight of the loss of boxes")
        alpha = reader.double("focalAlpha", default: 0.25, in: 0...1, "Weight of objects in the focal loss")
        gamma = reader.double(
            "focalGamma", default: 2, in: 0...10, "How strongly the focal loss passes over sure answers")
        high = reader.optionalDouble(
            "matchAbove", in: 0...1, "Overlap (IoU) from which on an anchor is an object; by the style when absent")
        low = reader.optionalDouble(
            "matchBelow", in: 0...1, "Overlap below which an anchor is none; what lies between counts for nothing")
        crowd = reader.choice(
            "crowd", default: .drop,
            "Groups of objects that are not told apart: drop (background like the rest), or ignore (anchors of which more "
                + "than half lies in one count for nothing)")
        sampled = reader.int(
            "sampled", default: 512, in: 1...100_000,
            "Regions of an image that the second stage of a detector learns from")
        if let high, let low, low > high {
            reader.problem("matchBelow", "found \(low), expected at most loss.matchAbove (\(high))")
        }
    }
}

extension DetectorLossKeys.Kind {
    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
