/// What became of detections at an overlap of .5 with the objects of their class: what curves, thresholds and lists of good
/// and bad images are made of.
public struct DetectionOutcomes: Sendable {
    /// The score of each detection that counts, by class and image; those that found a group of objects, or came after the
    /// first 100 of their image and class, do not count.
    public internal(set) var scores: [Double] = []
    /// Whether each found an object.
    public internal(set) var isTrue: [Bool] = []
    /// The class of each.
    public internal(set) var classIndex: [Int32] = []
    /// The image of each, as an index into `images`.
    public internal(set) var image: [Int32] = []
    /// The ids of the images.
    public internal(set) var images: [Int64] = []
    /// How many objects of each class there are.
    public internal(set) var objects: [Int] = []
    /// How many objects each image has.
    public internal(set) var objectsOfImage: [Int] = []
}
