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
        var stored = try StoredObjects(options)
        var splits = try stored.splits(options)
        try check(splits.train, options)
        if stored.isEmbedded, options.training.keepsEmpty, options.training.smallestSide <= 1 {
            splits.train = TrainedObjects(whole: splits.train, options.training)
        } else {
            var notices: [String] = []
            splits.train = try TrainedObjects(splits.train, options.training, path: options.path, &notices)
            splits.notices += sentences(notices)
        }
        return splits
    }

    /// Where masks are asked for there must be some.
    private static func check(
        _ dataset: any AnnotatedDataset<LocatedInstances>, _ options: DetectionDataOptions
    ) throws {
        guard options.needsMasks, dataset.count > 0 else { return }
        for index in 0..<dataset.count
        where try dataset.annotation(index).original.items.contains(where: { $0.hasMask && !$0.isCrowd }) { return }
        throw DatasetError(
            options.path,
            "no object of the \(counted(dataset.count, "training image")) has a mask, expected polygons or run lengths "
                + "(data.task: detection needs boxes alone)")
    }

    /// Opens one part of the data set, see `LabeledData.openPart`, whose rules are the same.
    /// - Parameter isTrainedOn: whether the model that is measured may have learnt from this data.
    public static func openPart(
        _ options: DetectionDataOptions, _ choice: PartChoice? = nil, isTrainedOn: Bool = true
    ) throws -> DatasetPart<LocatedInstances> {
        var stored = try StoredObjects(options)
        return try stored.opened(choice, options, isTrainedOn: isTrainedOn)
    }

    /// The names of the images of each fold, below the data's path; see `SegmentationData.folds`.
    public static func folds(_ options: DetectionDataOptions) throws -> [[String]] {
        var stored = try StoredObjects(options)
        return try stored.foldNames(options)
    }
}
