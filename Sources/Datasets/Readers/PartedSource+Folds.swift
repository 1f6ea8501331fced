import Tensors

extension PartedSource {
    /// The names of the images of each fold, below the data's path; they are in the order of the data.
    mutating func foldNames(_ options: some PartingOptions) throws -> [[String]] {
        let pool = try pool()
        let start = options.path.hasSuffix("/") ? options.path : options.path + "/"
        return try Self.indices(of: pool, options).map { fold in
            fold.map { index in
                let name = pool.name(index)
                return name.hasPrefix(start) ? String(name.dropFirst(start.count)) : name
            }
        }
    }

    /// Fold `fold` as the test part, all other folds to learn from.
    mutating func foldSplits(_ options: some PartingOptions) throws -> DatasetSplits<Annotation> {
        let path = options.path
        if options.validation.isFolder {
            throw DatasetError(
                path, "with data.folds the validation images are drawn, expected data.validation: auto or a fraction")
        }
        let pool = try pool()
        let folds = try Self.indices(of: pool, options)
        guard let fold = options.fold, 1...folds.count ~= fold else {
            let found = options.fold.map { "data.fold is \($0)" } ?? "data.fold is missing"
            throw DatasetError(path, "\(found), expected 1 to \(folds.count) (data.folds)")
        }
        let rest = Set(folds[fold - 1])
        var splits = DatasetSplits<Annotation>(
            train: SubsetDataset(pool, indices: (0..<pool.count).filter { !rest.contains($0) }),
            test: SubsetDataset(pool, indices: folds[fold - 1]), format: format, attribution: attribution)
        splits.notices.append(
            "fold \(fold) of \(folds.count) of \(path) is the test part (\(folds[fold - 1].count) of \(pool.count) images)"
        )
        if kinds.contains(.test) {
            splits.notices.append("the test part of \(path) is not touched while data.folds is used")
        }
        if options.onBroken == .skip, !isEmbedded { try splits.checkTraining(.skip) }
        var drawing = options
        if options.validation == .automatic { drawing.validation = .fraction(ValidationSource.automaticFraction) }
        _ = try splits.takeValidation(&self, drawing)
        try splits.finish(self, options, hasOwnValidation: false)
        return splits
    }

    /// All images outside the test part.
    private mutating func pool() throws -> any AnnotatedDataset<Annotation> {
        let train = try training()
        guard let validation = try part(.validation) else { return train }
        return JoinedDataset([train, validation])
    }

    private static func indices(
        of pool: any AnnotatedDataset<Annotation>, _ options: some PartingOptions
    ) throws -> [[Int]] {
        guard let folds = options.folds else {
            throw DatasetError(options.path, "data.fold is given without data.folds, expected both")
        }
        // A hundred runs are enough for anyone.
        let most = min(100, pool.count)
        guard folds >= 2, folds <= most else {
            throw DatasetError(
                options.path,
                "\(counted(pool.count, "image")) cannot be divided into \(folds) folds, expected 2 to \(max(2, most))")
        }
        var random = Random(seed: options.seed, purpose: "data.folds")
        var parts = [[Int]](repeating: [], count: folds)
        var order = random.permutation(pool.count)
        // Class after class, so that each fold has its share of every class.
        if let strata = try pool.strata() {
            order = order.enumerated().sorted { (strata[$0.1], $0.0) < (strata[$1.1], $1.0) }.map(\.element)
        }
        for (place, index) in order.enumerated() { parts[place % folds].append(index) }
        return parts.map { $0.sorted() }
    }
}
