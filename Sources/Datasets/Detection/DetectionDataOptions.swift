/// Which images and objects are opened, and how their files are read.
public struct DetectionDataOptions: Sendable, PartingOptions {
    /// How the corners of Pascal VOC's files are counted.
    public enum OneBased: String, Sendable, CaseIterable {
        /// From 1 on, unless a corner of the part is 0.
        case automatic = "auto"
        /// From 1 on, as Pascal VOC itself does: 1 is taken off each coordinate.
        case yes = "true"
        /// From 0 on: coordinates are taken as they are.
        case no = "false"
    }

    /// A folder, or the word `scenes` for the digit scenes that every program carries.
    public var path: String
    /// Where the images come from that choose among weights.
    public var validation = ValidationSource.automatic
    /// The run's seed, which chooses the validation images and the folds.
    public var seed: UInt64 = 0
    /// What is done about images that cannot be read; nil does not look for such images.
    public var onBroken: BrokenImages.Policy? = .fail
    /// Which classes count, and in which order; nil takes all of the data, by their ids. Objects of others are passed over.
    public var classNames: [String]?
    /// Into how many parts the images outside the test part are divided for cross-validation.
    public var folds: Int?
    /// The part of those that is the test part, from 1 on.
    public var fold: Int?
    /// Where the files lie, where that is not to be found by itself.
    public var files = Files()
    /// What becomes of objects in training.
    public var training = Training()
    /// Whether objects need masks (`data.task: instances`): data without any is an error then.
    public var needsMasks = false

    /// Explicit places of COCO files and their images, below the data's path or absolute.
    public struct Files: Sendable, Equatable {
        /// The folder that `file_name` counts from; nil looks for it.
        public var images: String?
        /// The annotations of the training part.
        public var train: String?
        /// The annotations of the validation part.
        public var validation: String?
        /// The annotations of the test part.
        public var test: String?
        /// How the corners of Pascal VOC's files are counted.
        public var oneBased = OneBased.automatic

        /// Everything is looked for.
        public init() {}
    }

    /// What becomes of images and objects that are learnt from; what is measured is never changed.
    public struct Training: Sendable, Equatable {
        /// Whether images without objects are learnt from.
        public var keepsEmpty = true
        /// Images with a shorter side than this are left out (mmdetection: 32).
        public var smallestSide = 1
        /// Of objects of whose box a smaller share than this is left in a moved image, none is learnt, 0...1.
        public var leastVisible = 0.0
        /// Whether an object stays only while the center of its box is visible (SSD's crops).
        public var needsCenters = false
        /// Whether boxes are drawn again around what is visible of an object's mask, where it has one.
        public var tightensBoxes = false

        /// Everything is learnt from that can be.
        public init() {}
    }

    /// The data at `path`.
    public init(path: String) { self.path = path }
}
