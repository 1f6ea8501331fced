import Tensors

extension SegmentationData {
    /// The most parts that images are divided into.
    static let mostFolds = 100

    /// The names of the images of each fold, below the data's path; they are in the order of the data.
    ///
    /// All images outside the data's own test part are in one fold each. The folds are a function of the options' seed
    /// and the images' names, and differ by one image at most.
    public static func folds(_ options: SegmentationDataOptions) throws -> [[String]] {
        var stored = try StoredMasks(options)
        let pool = try pool(&stored)
        let start = options.path.hasSuffix("/") ? options.path : options.path + "/"
        return try indices(of: pool, options).map { fold in
            fold.map { index in
                let name = pool.name(index)
                return name.hasPrefix(start) ? String(name.dropFirst(start.count)) : name
            }
        }
    }

    /// Fold `fold` as the test part, all other folds to learn from.
    static func foldSplits(
        _ stored: inout StoredMasks, _ options: SegmentationDataOptions
    ) throws -> DatasetSplits<Mask> {
        let path = options.path
        if options.validation.isFolder {
            throw DatasetError(
                path, "with data.folds the validation images are drawn, expected data.validation: auto or a fraction")
        }
        let pool = try pool(&stored)
        let folds = try indices(of: pool, options)
        guard let fold = options.fold, 1...folds.count ~= fold else {
            let found = options.fold.map { "data.fold is \($0)" } ?? "data.fold is missing"
            throw DatasetError(path, "\(found), expected 1 to \(folds.count) (data.folds)")
        }
        let rest = Set(folds[fold - 1])
        var splits = DatasetSplits<Mask>(
            train: SubsetDataset(pool, indices: (0..<pool.count).filter { !rest.contains($0) }),
            test: SubsetDataset(pool, indices: folds[fold - 1]), format: stored.format, attribution: stored.attribution)
        splits.notices.append(
            "fold \(fold) of \(folds.count) of \(path) is the test part (\(folds[fold - 1].count) of \(pool.count) images)"
        )
        if stored.kinds.contains(.test) {
            splits.notices.append("the test part of \(path) is not touched while data.folds is used")
        }
        if options.onBroken == .skip, path != scenes { try splits.checkTraining(.skip) }
        var drawing = options
        if options.validation == .automatic { drawing.validation = .fraction(ValidationSource.automaticFraction) }
        _ = try splits.takeValidation(&stored, drawing)
        try splits.finish(stored, options, hasOwnValidation: false)
        return splits
    }

    /// All images outside the test part.
    private static func pool(_ stored: inout StoredMasks) throws -> any AnnotatedDataset<Mask> {
        let train = try stored.training()
        guard let validation = try stored.part(.validation) else { return train }
        return JoinedDataset([train, validation])
    }

    private static func indices(
        of pool: any AnnotatedDataset<Mask>, _ options: SegmentationDataOptions
    ) throws -> [[Int]] {
        guard let folds = options.folds else {
            throw DatasetError(options.path, "data.fold is given without data.folds, expected both")
        }
        let most = min(mostFolds, pool.count)
        guard folds >= 2, folds <= most else {
            throw DatasetError(
                options.path,
                "\(counted(pool.count, "image")) cannot be divided into \(folds) folds, expected 2 to \(max(2, most))")
        }
        var random = Random(seed: options.seed, purpose: "data.folds")
        var parts = [[Int]](repeating: [], count: folds)
        for (place, index) in random.permutation(pool.count).enumerated() { parts[place % folds].append(index) }
        return parts.map { $0.sorted() }
    }
}
