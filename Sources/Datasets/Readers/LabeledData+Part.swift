/// Which images of a data set are meant.
public enum PartChoice: String, CaseIterable, Sendable {
    /// The training images, without those that `data.validation` takes.
    case train
    case validation
    case test
    /// All images of a data set that is not divided into parts.
    case all
}

/// One part of a data set, to be measured.
public struct DatasetPart<Annotation: Datasets.Annotation>: Sendable {
    /// The images.
    public let dataset: any AnnotatedDataset<Annotation>
    /// What was opened; not always what was wished for where nothing was.
    public let choice: PartChoice
    /// What was recognised, in a few words.
    public let format: String
    /// What a user should be told, one sentence each.
    public let notices: [String]

    /// A part that a reader of one's own has opened.
    public init(
        dataset: any AnnotatedDataset<Annotation>, choice: PartChoice, format: String, notices: [String]
    ) {
        (self.dataset, self.choice, self.format, self.notices) = (dataset, choice, format, notices)
    }
}

extension LabeledData {
    /// Opens one part of the data set at `path`.
    ///
    /// Without a choice it is the test part. Data without one is measured whole where it is not divided into parts at
    /// all, or by its validation part. Of whole data that may have been trained on, it is the tenth that a training
    /// holds out.
    ///
    /// - Parameters:
    ///   - isTrainedOn: whether the model that is measured may have learnt from this data.
    ///   - validation: how the run chose its validation images; the seed is the run's as well.
    /// - Throws: when there is no such part, or the data cannot be read.
    public static func openPart(
        _ path: String, _ choice: PartChoice? = nil, isTrainedOn: Bool = true,
        validation: ValidationSource = .automatic, seed: UInt64 = 0, onBroken: BrokenImages.Policy? = .fail,
        packedMegabytes: Int = PackedBudget.defaultMegabytes
    ) throws -> DatasetPart<ClassLabel> {
        var options = ListOptions(path: path)
        (options.validation, options.seed, options.onBroken) = (validation, seed, onBroken)
        return try openPart(options, choice, isTrainedOn: isTrainedOn, packedMegabytes: packedMegabytes)
    }

    /// The same of lists whose classes have a given order, and of folds.
    package static func openPart(
        _ options: ListOptions, _ choice: PartChoice?, isTrainedOn: Bool, packedMegabytes: Int
    ) throws -> DatasetPart<ClassLabel> {
        if let table = try SampleTable.open(options.path, checksFiles: options.checksFiles) {
            var source = try ListedSource<ClassLabel>(table, options)
            return try source.opened(choice, options, isTrainedOn: isTrainedOn)
        }
        var stored = try StoredParts.open(options.path, packedMegabytes: packedMegabytes)
        if options.folds != nil { return try stored.opened(choice, options, isTrainedOn: isTrainedOn) }
        return try openPart(stored, options, choice, isTrainedOn: isTrainedOn)
    }

    private static func openPart(
        _ stored: StoredParts, _ options: ListOptions, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<ClassLabel> {
        let (path, validation, seed, onBroken) = (options.path, options.validation, options.seed, options.onBroken)
        var notices = stored.notices
        func opened(_ part: any LabeledDataset, _ choice: PartChoice) throws -> DatasetPart<ClassLabel> {
            // What the other parts have to say does not concern these images.
            var splits = DatasetSplits(train: part, format: stored.format, notices: notices)
            switch onBroken {
            case .skip: splits.train = try BrokenImages.leftOut(of: part, &splits.notices)
            case .fail: if let error = BrokenImages.error(BrokenImages.find(in: part).map(\.error)) { throw error }
            case nil: break
            }
            if let notice = stored.leftOut.notice { splits.notices.append(notice) }
            return DatasetPart(
                dataset: splits.train, choice: choice, format: stored.format, notices: sentences(splits.notices))
        }
        let has = [
            stored.train.map { _ in "train" }, stored.validation.map { _ in "validation" },
            stored.test.map { _ in "test" },
        ].compactMap { $0 }.joined(separator: ", ")
        switch choice {
        case nil:
            if let test = stored.test { return try opened(test, .test) }
            if stored.isWhole, !isTrainedOn, let all = stored.train {
                notices.append("\(path) has no parts, so all its \(counted(all.count, "image")) are measured.")
                return try opened(all, .all)
            }
            if let part = stored.validation {
                notices.append(
                    "\(path) has no test part, so its validation part (\(counted(part.count, "image"))) is measured.")
                return try opened(part, .validation)
            }
        case .all:
            if stored.isWhole, let all = stored.train { return try opened(all, .all) }
            throw DatasetError(
                path, "this data set is divided into parts, so there is no part all, expected one of \(has)")
        case .validation:
            if validation == .automatic, let part = stored.validation { return try opened(part, .validation) }
        case .test:
            if let test = stored.test { return try opened(test, .test) }
            if !stored.needsHolding {
                throw DatasetError(path, "there is no test part, expected one of \(has)")
            }
        case .train: break
        }
        let source = choice == nil || choice == .test ? .nowhere : validation
        let splits = try DatasetSplits(stored, path, source, seed: seed, onBroken: onBroken)
        let part =
            switch choice {
            case .train: splits.train
            case .validation: splits.validation
            default: splits.test
            }
        guard let part else {
            let why = choice == .validation && validation == .nowhere ? " (data.validation is 0)" : ""
            throw DatasetError(path, "there is no \(choice?.rawValue ?? "test") part\(why), expected one of \(has)")
        }
        notices = splits.notices
        if choice == nil, stored.isWhole {
            notices.append(
                "A model may have learnt from the other images of \(path); --part all measures them as well.")
        }
        return DatasetPart(dataset: part, choice: choice ?? .test, format: splits.format, notices: notices)
    }
}
