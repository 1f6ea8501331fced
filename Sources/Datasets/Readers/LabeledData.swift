// Readers: formats of files and folders, and what is a part of what; they read what others made, and trust none of it.

/// Images of one class each, wherever they lie and in whatever format.
public enum LabeledData {
    /// Opens the data set at `path` and splits it.
    ///
    /// Recognised are the word `digits` (the embedded data), a folder with the files of CIFAR-10 or CIFAR-100 (binary
    /// version) or of MNIST and its relatives (IDX, plain or packed), and image folders: `train/<class>/<image>` with
    /// `val/<class>/<image>`, `test/<class>/<image>` or both beside it, or `<class>/<image>` directly. The parts go by
    /// their usual names (`training`, `valid`, `testing` and the like) in any case. Where there is neither a validation
    /// nor a test part, a tenth of the images is held out as the test set, the same one for every seed, with a notice; a
    /// data set with a validation part alone has no test set.
    ///
    /// A CSV file with the columns `image` and `label` (and, where wanted, `part` and `weight`) is read as well, and so are
    /// tar files in the layout of WebDataset: a file, a folder of them, or `train-{0000..0009}.tar`.
    ///
    /// Images that cannot be read are found here rather than at the end of a long run: in the validation and test
    /// images, and where they are to be left out in the training images as well, each named in a notice.
    ///
    /// - Parameters:
    ///   - seed: the run's seed, which chooses the validation images.
    ///   - onBroken: what is done about images that cannot be read; nil does not look for them.
    ///   - packedMegabytes: memory for files whose images are all held in it.
    public static func open(
        _ path: String, validation: ValidationSource = .automatic, seed: UInt64 = 0,
        onBroken: BrokenImages.Policy? = .fail, packedMegabytes: Int = PackedBudget.defaultMegabytes
    ) throws -> DatasetSplits<ClassLabel> {
        var options = ListOptions(path: path)
        (options.validation, options.seed, options.onBroken) = (validation, seed, onBroken)
        return try open(options, packedMegabytes: packedMegabytes)
    }

    /// The same, where the order of the classes of a list may be given, and folds be asked for: the images outside the test
    /// part are divided by class, and part `fold` is the test part instead.
    package static func open(_ options: ListOptions, packedMegabytes: Int) throws -> DatasetSplits<ClassLabel> {
        if let table = try SampleTable.open(options.path, checksFiles: options.checksFiles) {
            var source = try ListedSource<ClassLabel>(table, options)
            return try source.splits(options)
        }
        var stored = try StoredParts.open(options.path, packedMegabytes: packedMegabytes)
        if options.folds != nil {
            stored.notices += [stored.leftOut.notice].compactMap { $0 }
            return try stored.splits(options)
        }
        return try DatasetSplits(
            stored, options.path, options.validation, seed: options.seed, onBroken: options.onBroken)
    }

    /// The names of the images of each fold.
    package static func folds(_ options: ListOptions, packedMegabytes: Int) throws -> [[String]] {
        if let table = try SampleTable.open(options.path, checksFiles: options.checksFiles) {
            var source = try ListedSource<ClassLabel>(table, options)
            return try source.foldNames(options)
        }
        var stored = try StoredParts.open(options.path, packedMegabytes: packedMegabytes)
        return try stored.foldNames(options)
    }
}

/// What folds are made of; without folds the parts of class folders are divided by rules of their own.
extension StoredParts: PartedSource {
    var kinds: [PartKind] {
        [(PartKind.training, train), (.validation, validation), (.test, test)].compactMap { $1 == nil ? nil : $0 }
    }
    var isEmbedded: Bool { attribution != nil }

    func part(_ kind: PartKind) -> (any LabeledDataset)? {
        switch kind {
        case .training: train
        case .validation: validation
        case .test: test
        }
    }

    func training() throws -> any LabeledDataset {
        guard let train else { throw DatasetError(root, missingTraining ?? "there is no training part") }
        return train
    }

    func namedPart(_ name: String) throws -> any LabeledDataset {
        throw DatasetError(name, "folds are made of the training and validation images alone")
    }
}

extension DatasetSplits<ClassLabel> {
    init(
        _ stored: StoredParts, _ path: String, _ source: ValidationSource, seed: UInt64,
        onBroken: BrokenImages.Policy?
    ) throws {
        guard let train = stored.train else {
            let names = PartKind.allCases.filter { stored.folders[$0] != nil }.map(\.rawValue)
            throw DatasetError(
                path,
                stored.missingTraining
                    ?? "there is no training part beside the \(names.joined(separator: " and ")) part, expected "
                    + "train/<class>/<image>")
        }
        self.init(
            train: train, test: stored.test, format: stored.format, notices: stored.notices,
            attribution: stored.attribution)
        nestedHint = stored.nestedHint
        if stored.needsHolding { try holdOut(path) }
        // Before the validation images are drawn, so that the draw is one of whole images.
        if onBroken == .skip { self.train = try BrokenImages.leftOut(of: self.train, &notices) }
        let isOwn = try takeValidation(source, stored, path, seed: seed)
        if let onBroken { try apply(onBroken, toValidation: isOwn) }
        try tellOfSmallParts(path)
        if let notice = stored.leftOut.notice { notices.append(notice) }
        notices = sentences(notices)
    }

    /// A tenth of the training images as the test set.
    private mutating func holdOut(_ path: String) throws {
        let all = train
        let (kept, held) = try all.split(fraction: 0.1, seed: 0, purpose: "data.test")
        guard held.count > 0 else {
            notices.append(
                "\(path) has no test part, and none of its \(counted(all.classNames.count, "class", "classes")) has two "
                    + "images (\(all.count) images in all), so none can be held out: there is no test.")
            return
        }
        notices.append(
            """
            \(path) has no test part, so \(held.count) of its \(all.count) images (a tenth of each class) are held out as the \
            test set, the same ones in every run.
            """)
        (train, test) = (kept, held)
    }

    /// - Returns: whether the validation images have files of their own.
    private mutating func takeValidation(
        _ source: ValidationSource, _ stored: StoredParts, _ path: String, seed: UInt64
    ) throws -> Bool {
        switch source {
        case .automatic:
            guard let own = stored.validation else {
                try draw(ValidationSource.automaticFraction, path, seed: seed)
                break
            }
            validation = own
            notices.append(
                "\(path) has a validation part of its own (\(counted(own.count, "image"))), so data.validation takes none of "
                    + "the training images.")
        case .nowhere: break
        case .fraction(let fraction):
            guard fraction >= 0, fraction < 1 else {
                throw DatasetError(path, "a validation part of \(fraction) is no fraction, expected 0 <= fraction < 1")
            }
            if fraction > 0 { try draw(fraction, path, seed: seed) }
        case .folder(let name): try takeValidation(from: name, stored, path)
        }
        if let own = stored.validation, source != .automatic, !source.isFolder {
            let given = if case .fraction(let fraction) = source { "\(fraction)" } else { "0" }
            notices.append(
                "\(path) has a validation part of its own (\(counted(own.count, "image"))), which is not used, since "
                    + "data.validation is \(given); data.validation: auto takes it.")
        }
        if test == nil, stored.needsHolding == false {
            notices.append(
                validation == nil
                    ? "\(path) has no test part and no validation part is used, so nothing but the training images is measured."
                    : "\(path) has no test part (test: none), so the results are of its validation part.")
        }
        return source.isFolder || (source == .automatic && stored.validation != nil)
    }

    private mutating func draw(_ fraction: Double, _ path: String, seed: UInt64) throws {
        let (kept, held) = try train.split(fraction: fraction, seed: seed, purpose: "data.validation")
        guard held.count > 0 else {
            notices.append(
                "No class of \(path) has two training images (\(train.count) images of "
                    + "\(counted(classNames.count, "class", "classes"))), so there is no validation part.")
            return
        }
        (train, validation) = (kept, held)
    }

    private mutating func takeValidation(from name: String, _ stored: StoredParts, _ path: String) throws {
        guard let folder = ["\(stored.root)/\(name)", "\(path)/\(name)", name].first(where: isFolder) else {
            throw DatasetError(name, "the validation folder does not exist")
        }
        let known = classNames + ((stored.train as? ImageFolder)?.emptyClasses ?? [])
        let found = try FolderSearch.descended(folder, isPart: true, known: known)
        let part = try ImageFolder(ClassFolders(found), classNames: classNames)
        // The folder may well be the one that was found as the validation part.
        var others = stored
        others.folders[.validation] = nil
        try others.check(part.folders, "validation")
        // The folder that was found as the validation part has told them already.
        let told = Set(notices)
        notices += part.notices.filter { !told.contains($0) }
        if let notice = part.leftOut.notice, stored.validation == nil { notices.append(notice) }
        validation = part
    }
}

extension ValidationSource {
    var isFolder: Bool { if case .folder = self { true } else { false } }
}
