/// Which images and masks are opened, and what the values of the masks mean.
public struct SegmentationDataOptions: Sendable, PartingOptions {
    /// A folder, or the word `scenes` for the digit scenes that every program carries.
    public var path: String
    /// Where the images come from that choose among weights.
    public var validation = ValidationSource.automatic
    /// The run's seed, which chooses the validation images and the folds.
    public var seed: UInt64 = 0
    /// What is done about images and masks that cannot be read; nil does not look for such images.
    public var onBroken: BrokenImages.Policy? = .fail
    /// Memory for decoded masks, so that they are not decoded again in every epoch.
    public var packedMegabytes = PackedBudget.defaultMegabytes
    /// The names of the classes in order; nil takes those of `classes.txt`.
    public var classNames: [String]?
    /// The mask values that count for nothing.
    public var ignore = [255]
    /// The mask value of the first class; those of the others follow.
    public var firstLabel = 0
    /// The mask value of each class in order, such as [0, 255], where they do not follow each other.
    public var labelValues: [Int]?
    /// The color of each class in order (red, green, blue), where masks are color pictures.
    public var colors: [[UInt8]]?
    /// Into how many parts the images outside the test part are divided for cross-validation.
    public var folds: Int?
    /// The part of those that is the test part, from 1 on.
    public var fold: Int?

    /// The data at `path`, with gray masks whose values are the classes from 0 on, 255 ignored.
    public init(path: String) { self.path = path }
}
