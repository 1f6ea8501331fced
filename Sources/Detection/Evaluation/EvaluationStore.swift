import Datasets

/// What an evaluator was given, column by column.
struct EvaluationStore: Sendable {
    /// The ids of the images in the order in which they came.
    var images: [Int64] = []
    private var slots: [Int64: Int32] = [:]
    var truths = TruthColumns()
    var answers = AnswerColumns()

    /// The place of an image, a new one for an id that was not seen before.
    mutating func slot(of image: Int64) -> Int32 {
        if let slot = slots[image] { return slot }
        let slot = Int32(images.count)
        slots[image] = slot
        images.append(image)
        return slot
    }

    /// The place of an image that was seen before.
    func known(_ image: Int64) -> Int32? { slots[image] }
}

/// x, y, width and height, as COCO's files have them: what is computed from these is not rounded twice.
typealias Placed = SIMD4<Double>

extension Box {
    var placed: Placed { Placed(left, top, width, height) }

    init(_ placed: Placed) {
        self.init(left: placed[0], top: placed[1], right: placed[0] + placed[2], bottom: placed[1] + placed[3])
    }
}

/// The objects of the ground truth.
struct TruthColumns: Sendable {
    var image: [Int32] = []
    var classIndex: [Int32] = []
    var box: [Placed] = []
    var area: [Double] = []
    var isCrowd: [Bool] = []
    var identifier: [Int64] = []
    /// Empty masks where there are none.
    var mask: [RunLengthMask?] = []

    mutating func add(_ truth: TrueObject, _ slot: Int32, box: Placed? = nil) {
        image.append(slot)
        classIndex.append(Int32(truth.classIndex))
        self.box.append(box ?? truth.box.placed)
        area.append(truth.area)
        isCrowd.append(truth.isCrowd)
        identifier.append(truth.identifier)
        mask.append(truth.mask)
    }
}

/// The detections.
struct AnswerColumns: Sendable {
    var image: [Int32] = []
    var classIndex: [Int32] = []
    var score: [Double] = []
    var box: [Placed] = []
    /// What decides whether one counts as small, medium or large.
    var area: [Double] = []
    /// As many as there are detections where masks are measured, else none.
    var mask: [RunLengthMask?] = []

    mutating func add(_ detection: DetectedObject, _ slot: Int32, masks: Bool) {
        image.append(slot)
        classIndex.append(Int32(detection.classIndex))
        score.append(detection.score)
        let placed = detection.box.placed
        box.append(placed)
        area.append(masks ? Double(detection.mask?.area ?? 0) : placed[2] * placed[3])
        if masks { mask.append(detection.mask) }
    }
}

extension EvaluationStore {
    /// How much a detection and an object have in common; of a group of objects that are not told apart how much of the
    /// detection lies in it.
    func overlap(_ detection: Int, _ truth: Int, _ kind: CocoEvaluator.Kind) -> Double {
        let isCrowd = truths.isCrowd[truth]
        if kind == .masks {
            guard let mask = answers.mask[detection], let other = truths.mask[truth] else { return 0 }
            return mask.overlap(other, isCrowd: isCrowd)
        }
        let (one, other) = (answers.box[detection], truths.box[truth])
        let width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
        let height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
        guard width > 0, height > 0 else { return 0 }
        let (common, own) = (width * height, one[2] * one[3])
        return common / (isCrowd ? own : own + other[2] * other[3] - common)
    }
}
