/// COCO's numbers of a set of detections.
public struct CocoFindings: Sendable {
    /// The names of `stats`, in its order.
    public static let names = [
        "AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge", "AR1", "AR10", "AR100", "ARsmall", "ARmedium",
        "ARlarge",
    ]
    /// COCO's twelve numbers in its order: average precision over all overlaps of .5 to .95, at .5 and at .75, of small,
    /// medium and large objects; average recall with at most 1, 10 and 100 detections of an image and class, and of small,
    /// medium and large objects. -1 where there are no objects that it could be of.
    public let stats: [Double]
    /// Average precision at each overlap of .5, .55, ... .95, over the classes that have objects; -1 where none has.
    public let precisionByOverlap: [Double]
    /// What was found of each class.
    public let classes: [ClassFindings]
    /// What became of each detection at an overlap of .5.
    public let outcomes: DetectionOutcomes

    /// What was found of a class.
    public struct ClassFindings: Sendable, Equatable {
        /// How many objects it has, groups that are not told apart not counted.
        public var objects: Int
        /// How many detections of it there are, of which no more than 100 of an image count.
        public var detections: Int
        /// The twelve numbers of this class alone; -1 where it has no objects that they could be of.
        public var stats: [Double]
        /// Precision at recalls of 0, .01, ... 1 and an overlap of .5: the best there is at that recall or a higher one.
        public var precisionByRecall: [Double]

        /// Average precision over all overlaps; -1 without objects.
        public var averagePrecision: Double { stats[0] }
        /// Average precision at an overlap of .5; -1 without objects.
        public var averagePrecision50: Double { stats[1] }
    }
}
