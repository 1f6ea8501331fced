/// Images whose objects are in boxes, or in boxes and masks, wherever they lie.
public enum DetectionData {
    /// The word for the digit scenes that every program carries.
    public static let scenes = "scenes"

    /// Opens the data set and splits it.
    ///
    /// Recognized are the word `scenes`; COCO files (`annotations/instances_train.json` with `train/` or `images/`,
    /// `train/_annotations.coco.json` as Roboflow writes it, or the files that the options name); YOLO text (`data.yaml` or
    /// `classes.txt`, `images/` and `labels/`); and Pascal VOC (`JPEGImages/`, `Annotations/`, `ImageSets/Main/`). Classes
    /// are matched between the parts by name; labels are positions in the order of the ids, see `DetectionCategories(of:)`.
    ///
    /// Where there is neither a validation nor a test part, a tenth of the images is held out as the test part, the same
    /// one for every seed. Boxes without an area, difficult objects and the like are left out of the training images alone.
    ///
    /// - Throws: `DatasetError` that names the file, and the annotation where one is at fault.
    public static func open(_ options: DetectionDataOptions) throws -> DatasetSplits<LocatedInstances> {
        fatalError("to come")
    }

    /// Opens one part of the data set, see `LabeledData.openPart`, whose rules are the same.
    /// - Parameter isTrainedOn: whether the model that is measured may have learnt from this data.
    public static func openPart(
        _ options: DetectionDataOptions, _ choice: PartChoice? = nil, isTrainedOn: Bool = true
    ) throws -> DatasetPart<LocatedInstances> { fatalError("to come") }

    /// The names of the images of each fold, below the data's path; see `SegmentationData.folds`.
    public static func folds(_ options: DetectionDataOptions) throws -> [[String]] { fatalError("to come") }
}

/// A file of annotations by itself, without the images: what results are compared with.
public struct CocoAnnotations: Sendable {
    /// The classes, in the order of their ids.
    public var categories: DetectionCategories { fatalError("to come") }
    /// How many images the file lists.
    public var count: Int { fatalError("to come") }
    /// Reads the file at `path`; nothing is filtered.
    /// - Throws: `DatasetError` that names the file, and the annotation where one is at fault.
    public init(_ path: String) throws { fatalError("to come") }
    /// The id, size and objects of image `index`; `classIndex` counts in `categories`.
    public func annotation(_ index: Int) throws -> LocatedInstances { fatalError("to come") }
}

/// What the objects of a part are like, for `inspect-data`.
public struct ObjectScan: Sendable, Equatable {
    /// Objects (without crowds), crowds, and images of each class.
    public struct ClassCount: Sendable, Equatable {
        public var name: String
        public var objects: Int
        public var crowds: Int
        public var images: Int
        /// Small (below 32 x 32 pixels by COCO's areas), medium, large (96 x 96 and more).
        public var sizes: [Int]
    }
    /// For each class, in the order of the labels.
    public let classes: [ClassCount]
    /// How many images there are, and how many of them have no object.
    public let imageCount: Int
    public let emptyImages: Int
    /// How many images have so many objects.
    public let objectsPerImage: [Int: Int]
    /// How many centers lie in each of 8 x 8 fields of the image, row by row.
    public let positions: [Int]
    /// Boxes without an area or beside their image: the image's name and the annotation's id.
    public let degenerate: [(name: String, identifier: Int64)]
    public init(_ dataset: any AnnotatedDataset<LocatedInstances>) throws { fatalError("to come") }
    public static func == (a: ObjectScan, b: ObjectScan) -> Bool { a.classes == b.classes }
}
