import Tensors

/// What decides how a data set is divided into parts.
package protocol PartingOptions: Sendable {
    var path: String { get }
    var validation: ValidationSource { get set }
    var seed: UInt64 { get set }
    var onBroken: BrokenImages.Policy? { get set }
    var classNames: [String]? { get set }
    var folds: Int? { get set }
    var fold: Int? { get set }
}

/// The parts of a data set as they are stored, before anything is drawn from them.
protocol PartedSource<Annotation> {
    associatedtype Annotation: Datasets.Annotation
    var format: String { get }
    var attribution: String? { get }
    /// What a user should be told of the parts that were read.
    var notices: [String] { get }
    /// The parts that there are.
    var kinds: [PartKind] { get }
    /// Whether the data is not divided at all.
    var isWhole: Bool { get }
    /// Whether every program carries the data, so that nothing can be broken.
    var isEmbedded: Bool { get }
    /// Reads a part when it is first asked for; nil where there is none.
    mutating func part(_ kind: PartKind) throws -> (any AnnotatedDataset<Annotation>)?
    /// The part that is learned from.
    mutating func training() throws -> any AnnotatedDataset<Annotation>
    /// A validation part that the user names.
    mutating func namedPart(_ name: String) throws -> any AnnotatedDataset<Annotation>
}

extension PartedSource {
    var needsHolding: Bool { kinds == [.training] }

    /// One part, by the rules of `LabeledData.openPart`.
    mutating func opened(
        _ choice: PartChoice?, _ options: some PartingOptions, isTrainedOn: Bool
    ) throws -> DatasetPart<Annotation> {
        let path = options.path
        func whole(_ kind: PartKind, _ choice: PartChoice, _ notice: String? = nil) throws -> DatasetPart<Annotation>? {
            guard let part = try self.part(kind) else { return nil }
            var splits = DatasetSplits(train: part, format: format)
            splits.notices = self.notices + [notice].compactMap { $0 }
            if !isEmbedded { try splits.checkTraining(options.onBroken) }
            return DatasetPart(
                dataset: splits.train, choice: choice, format: format, notices: sentences(splits.notices))
        }
        let has = kinds.map { $0 == .training ? "train" : $0.rawValue }.joined(separator: ", ")
        if options.folds == nil {
            switch choice {
            case nil where isWhole && !isTrainedOn:
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
                if isWhole, let part = try whole(.training, .all) { return part }
                throw DatasetError(
                    path, "this data set is divided into parts, so there is no part all, expected one of \(has)")
            case .validation where options.validation == .automatic:
                if let part = try whole(.validation, .validation) { return part }
            case .test:
                if let part = try whole(.test, .test) { return part }
                if !needsHolding {
                    throw DatasetError(path, "there is no test part, expected one of \(has)")
                }
            default: break
            }
        }
        var options = options
        if choice == nil || choice == .test { options.validation = .nowhere }
        let splits = try self.splits(options)
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

    /// All parts, with what is drawn from the training images.
    mutating func splits(_ options: some PartingOptions) throws -> DatasetSplits<Annotation> {
        if options.folds != nil || options.fold != nil { return try foldSplits(options) }
        var splits = DatasetSplits(
            train: try training(), test: try part(.test), format: format,
            attribution: attribution)
        let path = options.path
        if needsHolding {
            let all = splits.train
            let (kept, held) = try all.drawn(0.1, seed: 0, purpose: "data.test")
            if held.count > 0 {
                splits.notices.append(
                    "\(path) has no test part, so \(held.count) of its \(all.count) images (a tenth) are held out as the "
                        + "test part, the same ones in every run.")
                (splits.train, splits.test) = (kept, held)
            }
        }
        if options.onBroken == .skip, !isEmbedded { try splits.checkTraining(.skip) }
        let isOwn = try splits.takeValidation(&self, options)
        if splits.test == nil {
            splits.notices.append(
                splits.validation == nil
                    ? "\(path) has no test part and no validation part is used, so nothing but the training images is measured."
                    : "\(path) has no test part (test: none), so the results are of its validation part.")
        }
        try splits.finish(self, options, hasOwnValidation: isOwn)
        return splits
    }
}

extension AnnotatedDataset {
    /// The class of each image, where images have one each: every part takes its share of each class then.
    func strata() throws -> [Int]? {
        guard Annotation.self is ClassLabel.Type else { return nil }
        return try (0..<count).compactMap { (try annotation($0) as? ClassLabel)?.index }
    }

    /// Two parts of this data set, both in its order, the second one with `fraction` of the images, one at least where there
    /// are two; of images of one class each with `fraction` of every class.
    func drawn(
        _ fraction: Double, seed: UInt64, purpose: String
    ) throws -> (kept: SubsetDataset<Annotation>, held: SubsetDataset<Annotation>) {
        if let strata = try strata() {
            let parts = StratifiedSplit(
                labels: strata, classCount: classNames.count, fraction: fraction, seed: seed, purpose: purpose)
            return (SubsetDataset(self, indices: parts.kept), SubsetDataset(self, indices: parts.held))
        }
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

extension DatasetSplits {
    /// Looks for training images that cannot be read.
    mutating func checkTraining(_ policy: BrokenImages.Policy?) throws {
        switch policy {
        case .skip: train = try BrokenImages.leftOut(of: train, &notices)
        case .fail: if let error = BrokenImages.error(BrokenImages.find(in: train).map(\.error)) { throw error }
        case nil: break
        }
    }

    /// - Returns: whether the validation images have files of their own.
    mutating func takeValidation<Source: PartedSource<Annotation>>(
        _ stored: inout Source, _ options: some PartingOptions
    ) throws -> Bool {
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
            try draw(ValidationSource.automaticFraction, path, options.seed)
        case .nowhere: break
        case .fraction(let fraction):
            guard fraction >= 0, fraction < 1 else {
                throw DatasetError(path, "a validation part of \(fraction) is no fraction, expected 0 <= fraction < 1")
            }
            if fraction > 0 { try draw(fraction, path, options.seed) }
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

    private mutating func draw(_ fraction: Double, _ path: String, _ seed: UInt64) throws {
        let (kept, held) = try train.drawn(fraction, seed: seed, purpose: "data.validation")
        guard held.count > 0 else {
            notices.append("\(path) has one training image, so there is no validation part.")
            return
        }
        (train, validation) = (kept, held)
    }

    mutating func finish(
        _ stored: some PartedSource, _ options: some PartingOptions, hasOwnValidation isOwn: Bool
    ) throws {
        notices = stored.notices + notices
        if let onBroken = options.onBroken, !stored.isEmbedded {
            try apply(onBroken, toValidation: isOwn)
        }
        notices = sentences(notices)
    }
}
