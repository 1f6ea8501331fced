import Tensors

/// Images with a class for each pixel, wherever they lie.
public enum SegmentationData {
    /// The word that stands for the digit scenes, see `DigitScenes`.
    public static let scenes = "scenes"

    /// Opens the data set and splits it.
    ///
    /// Recognized are the word `scenes` (embedded, nothing to read) and folders with `images/` and, beside it, `labels/`
    /// (or `masks/`, `annotations/`): directly, below `train/`, `val/` and `test/`, or with `training/` and `validation/`
    /// below each (ADE20K); or `train/` and `trainannot/` and so on (CamVid). A mask has the name of its image and is a PNG
    /// of gray values (1 to 16 bits), with a palette (whose indices count), or, with `colors`, in color. Classes come from
    /// `classNames` or a file `classes.txt`, their values in the masks from `labelValues`, from the indices in
    /// `classes.txt`, or are numbers from `firstLabel` on.
    ///
    /// Every mask is read once, on all threads. Where there is neither a validation nor a test part, a tenth of the images
    /// is held out as the test part, the same one for every seed. With `folds`, the images outside the test part are
    /// divided, and part `fold` is the test part instead.
    ///
    /// - Throws: `DatasetError` that names the file: a value that stands for no class, a mask of another size than its
    ///   image, a mask or an image that is missing, a mask in color without a table of colors, and the like.
    public static func open(_ options: SegmentationDataOptions) throws -> DatasetSplits<Mask> {
        var stored = try StoredMasks(options)
        return try stored.splits(options)
    }

    /// Opens one part of the data set, see `LabeledData.openPart`, whose rules are the same.
    /// - Parameter isTrainedOn: whether the model that is measured may have learnt from this data.
    public static func openPart(
        _ options: SegmentationDataOptions, _ choice: PartChoice? = nil, isTrainedOn: Bool = true
    ) throws -> DatasetPart<Mask> {
        var stored = try StoredMasks(options)
        return try stored.opened(choice, options, isTrainedOn: isTrainedOn)
    }

    /// The names of the images of each fold, below the data's path; they are in the order of the data.
    ///
    /// All images outside the data's own test part are in one fold each. The folds are a function of the options' seed
    /// and the images' names, and differ by one image at most.
    public static func folds(_ options: SegmentationDataOptions) throws -> [[String]] {
        var stored = try StoredMasks(options)
        return try stored.foldNames(options)
    }
}
