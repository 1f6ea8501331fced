import Datasets

/// An object that is in an image, for measuring.
public struct TrueObject: Sendable, Equatable {
    /// Its id in the file it comes from; it matters where the reference's treatment of the id 0 is asked for, and nowhere else.
    public var identifier: Int64
    /// What it is.
    public var classIndex: Int
    /// Where it is, in the image's own pixels.
    public var box: Box
    /// What it covers, in square pixels; it decides whether it counts as small, medium or large.
    public var area: Double
    /// Whether it is a group of objects that are not told apart (Pascal VOC: difficult), which may be found or not.
    public var isCrowd: Bool
    /// The pixels that it covers; only needed where masks are measured.
    public var mask: RunLengthMask?

    /// - Parameter area: nil takes that of the mask where there is one, else of the box.
    public init(
        classIndex: Int, box: Box, area: Double? = nil, isCrowd: Bool = false, mask: RunLengthMask? = nil,
        identifier: Int64 = 1
    ) {
        (self.classIndex, self.box, self.isCrowd, self.mask) = (classIndex, box, isCrowd, mask)
        self.area = area ?? mask.map { Double($0.area) } ?? box.area
        self.identifier = identifier
    }
}

/// An object that a detector says is in an image.
public struct DetectedObject: Sendable, Equatable {
    /// What it is said to be.
    public var classIndex: Int
    /// How sure the detector is, as a rule 0...1.
    public var score: Double
    /// Where it is said to be, in the image's own pixels.
    public var box: Box
    /// The pixels that it is said to cover; only needed where masks are measured.
    public var mask: RunLengthMask?

    /// What a detector says.
    public init(classIndex: Int, score: Double, box: Box, mask: RunLengthMask? = nil) {
        (self.classIndex, self.score, self.box, self.mask) = (classIndex, score, box, mask)
    }
}
