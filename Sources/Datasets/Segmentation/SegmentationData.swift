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
        return try splits(&stored, options)
    }

    /// Opens one part of the data set, see `LabeledData.openPart`, whose rules are the same.
    /// - Parameter isTrainedOn: whether the model that is measured may have learnt from this data.
    public static func openPart(
        _ options: SegmentationDataOptions, _ choice: PartChoice? = nil, isTrainedOn: Bool = true
    ) throws -> DatasetPart<Mask> {
        var stored = try StoredMasks(options)
        let path = options.path
        func whole(_ kind: PartKind, _ choice: PartChoice, _ notice: String? = nil) throws -> DatasetPart<Mask>? {
            guard let part = try stored.part(kind) else { return nil }
            var splits = DatasetSplits(train: part, format: stored.format)
            splits.notices = stored.notices + [notice].compactMap { $0 }
            if path != scenes { try splits.checkTraining(options.onBroken) }
            return DatasetPart(
                dataset: splits.train, choice: choice, format: stored.format, notices: sentences(splits.notices))
        }
        let has = stored.kinds.map { $0 == .training ? "train" : $0.rawValue }.joined(separator: ", ")
        if options.folds == nil {
            switch choice {
            case nil where stored.isWhole && !isTrainedOn:
                if let part = try whole(.training, .all, "\(path) has no parts, so all its images are measured.") {
                    return part
                }
            case nil:
                if let part = try whole(.test, .test) { return part }
                if let part = try whole(
                    .validation, .validation, "\(path) has no test part, so its validation part is measured.")
                {
                    return part
                }
            case .all:
                if stored.isWhole, let part = try whole(.training, .all) { return part }
                throw DatasetError(
                    path, "this data set is divided into parts, so there is no part all, expected one of \(has)")
            case .validation where options.validation == .automatic:
                if let part = try whole(.validation, .validation) { return part }
            case .test:
                if let part = try whole(.test, .test) { return part }
                if !stored.needsHolding {
                    throw DatasetError(path, "there is no test part, expected one of \(has)")
                }
            default: break
            }
        }
        var options = options
        if choice == nil || choice == .test { options.validation = .nowhere }
        let splits = try splits(&stored, options)
        let part =
            switch choice {
            case .train, .all: splits.train
            case .validation: splits.validation
            default: splits.test
            }
        guard let part else {
            throw DatasetError(path, "there is no \(choice?.rawValue ?? "test") part, expected one of \(has)")
        }
        return DatasetPart(dataset: part, choice: choice ?? .test, format: splits.format, notices: splits.notices)
    }

    static func splits(
        _ stored: inout StoredMasks, _ options: SegmentationDataOptions
    ) throws -> DatasetSplits<Mask> {
        if options.folds != nil || options.fold != nil { return try foldSplits(&stored, options) }
        var splits = DatasetSplits(
            train: try stored.training(), test: try stored.part(.test), format: stored.format,
            attribution: stored.attribution)
        let path = options.path
        if stored.needsHolding {
            let all = splits.train
            let (kept, held) = all.drawn(0.1, seed: 0, purpose: "data.test")
            if held.count > 0 {
                splits.notices.append(
                    "\(path) has no test part, so \(held.count) of its \(all.count) images (a tenth) are held out as the "
                        + "test part, the same ones in every run.")
                (splits.train, splits.test) = (kept, held)
            }
        }
        if options.onBroken == .skip, path != scenes { try splits.checkTraining(.skip) }
        let isOwn = try splits.takeValidation(&stored, options)
        if splits.test == nil {
            splits.notices.append(
                splits.validation == nil
                    ? "\(path) has no test part and no validation part is used, so nothing but the training images is measured."
                    : "\(path) has no test part (test: none), so the results are of its validation part.")
        }
        try splits.finish(stored, options, hasOwnValidation: isOwn)
        return splits
    }
}

extension AnnotatedDataset where Annotation == Mask {
    /// Two parts of this data set, both in its order, the second one with `fraction` of the images, one at least where there
    /// are two.
    func drawn(
        _ fraction: Double, seed: UInt64, purpose: String
    ) -> (kept: SubsetDataset<Mask>, held: SubsetDataset<Mask>) {
        let wanted = count > 1 ? max(1, min(count - 1, Int((fraction * Double(count)).rounded()))) : 0
        var random = Random(seed: seed, purpose: purpose)
        let held = Set(random.permutation(count).prefix(wanted))
        let all = 0..<count
        return (
            SubsetDataset(self, indices: all.filter { !held.contains($0) }),
            SubsetDataset(self, indices: all.filter { held.contains($0) })
        )
    }
}

extension DatasetSplits<Mask> {
    /// Looks for training images that cannot be read.
    mutating func checkTraining(_ policy: BrokenImages.Policy?) throws {
        switch policy {
        case .skip: train = try BrokenImages.leftOut(of: train, &notices)
        case .fail: if let error = BrokenImages.error(BrokenImages.find(in: train).map(\.error)) { throw error }
        case nil: break
        }
    }

    /// - Returns: whether the validation images have files of their own.
    mutating func takeValidation(_ stored: inout StoredMasks, _ options: SegmentationDataOptions) throws -> Bool {
        let path = options.path
        let own = stored.kinds.contains(.validation)
        switch options.validation {
        case .automatic:
            if let part = try stored.part(.validation) {
                validation = part
                notices.append(
                    "\(path) has a validation part of its own (\(counted(part.count, "image"))), so data.validation takes "
                        + "none of the training images.")
                return true
            }
            draw(ValidationSource.automaticFraction, path, options.seed)
        case .nowhere: break
        case .fraction(let fraction):
            guard fraction >= 0, fraction < 1 else {
                throw DatasetError(path, "a validation part of \(fraction) is no fraction, expected 0 <= fraction < 1")
            }
            if fraction > 0 { draw(fraction, path, options.seed) }
        case .folder(let name):
            validation = try stored.namedPart(name)
            return true
        }
        if own, options.folds == nil {
            notices.append(
                "\(path) has a validation part of its own, which is not used; data.validation: auto takes it.")
        }
        return false
    }

    private mutating func draw(_ fraction: Double, _ path: String, _ seed: UInt64) {
        let (kept, held) = train.drawn(fraction, seed: seed, purpose: "data.validation")
        guard held.count > 0 else {
            notices.append("\(path) has one training image, so there is no validation part.")
            return
        }
        (train, validation) = (kept, held)
    }

    mutating func finish(
        _ stored: StoredMasks, _ options: SegmentationDataOptions, hasOwnValidation isOwn: Bool
    ) throws {
        notices = stored.notices + notices
        if let onBroken = options.onBroken, options.path != SegmentationData.scenes {
            try apply(onBroken, toValidation: isOwn)
        }
        notices = sentences(notices)
    }
}
