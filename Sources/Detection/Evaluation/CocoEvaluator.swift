import Datasets
import Tensors

/// Measures detections as COCO does (Lin et al., "Microsoft COCO: common objects in context", 2014), rule by rule.
///
/// Images are added in any order and as they come; what is measured depends on no order but that of the detections of one
/// image and class whose scores are equal, of which the earlier one comes first. Scores must be numbers.
public struct CocoEvaluator: Sendable {
    /// What is compared.
    public enum Kind: String, Sendable, CaseIterable {
        /// Boxes by their corners.
        case boxes
        /// Masks by their pixels.
        case masks
    }

    /// How many classes there are.
    public let classes: Int
    /// What is compared.
    public let kind: Kind
    /// Whether an object whose id is 0 can never be found, as with pycocotools, which takes the id for "not found". It changes
    /// numbers of such files alone.
    public var followsReference: Bool
    /// What was added.
    var store = EvaluationStore()

    /// Nothing has been added yet.
    public init(classes: Int, kind: Kind = .boxes, followsReference: Bool = false) {
        require(classes > 0, "CocoEvaluator", "there are \(classes) classes, expected at least 1")
        (self.classes, self.kind, self.followsReference) = (classes, kind, followsReference)
    }

    /// How many images were added.
    public var imageCount: Int { store.images.count }
    /// How many detections were added.
    public var detectionCount: Int { store.answers.score.count }
    /// The id of each image, in the order in which they were added.
    public var images: [Int64] { store.images }

    /// Adds an image with what is in it and what a detector says is in it; both may be empty. Masks must be of one size.
    /// - Parameter image: its id, by which images are told apart.
    public mutating func add(image: Int64, truths: [TrueObject], detections: [DetectedObject]) {
        let slot = store.slot(of: image)
        for truth in truths {
            require(
                0..<classes ~= truth.classIndex, "CocoEvaluator", "class \(truth.classIndex) is none of \(classes)")
            store.truths.add(truth, slot)
        }
        for detection in detections {
            require(
                0..<classes ~= detection.classIndex, "CocoEvaluator",
                "class \(detection.classIndex) is none of \(classes)")
            store.answers.add(detection, slot, masks: kind == .masks)
        }
    }

    /// Adds the objects of an image as the data has them.
    /// - Parameter image: its id, by which images are told apart.
    public mutating func add(image: Int64, _ instances: Instances, detections: [DetectedObject]) {
        let truths = instances.items.map { item in
            TrueObject(
                classIndex: item.classIndex, box: item.box, area: item.area, isCrowd: item.isCrowd,
                mask: kind == .masks ? item.covered(in: instances.size) : nil, identifier: item.identifier ?? -1)
        }
        add(image: image, truths: truths, detections: detections)
    }

    /// The numbers of all that was added.
    public func finish() -> CocoFindings { CocoFindings(EvaluationRun(self)) }
}
