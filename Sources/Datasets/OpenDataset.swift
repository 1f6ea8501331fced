/// Opens the data set at `path` and splits it.
///
/// Recognised are the word `digits` (the embedded data), a folder with the files of CIFAR-10 or CIFAR-100 (binary
/// version) or of MNIST and its relatives (IDX, plain or packed), and image folders: `train/<class>/<image>` with
/// `test/<class>/<image>` beside it, or `<class>/<image>` directly. A folder `val` or `validation` stands in for a
/// missing `test`. Without any, a tenth of the training images is held out as the test set, the same one for every
/// seed, with a notice.
///
/// Images that cannot be read are found here rather than at the end of a long run: in the validation and test images,
/// and where they are to be left out in the training images as well, each named in a notice.
///
/// - Parameters:
///   - seed: the run's seed, which chooses the validation images.
///   - onBroken: what is done about images that cannot be read; nil does not look for them.
public func openDataset(
    _ path: String, validation: ValidationSource = .fraction(0.1), seed: UInt64 = 0,
    onBroken: BrokenImages.Policy? = .fail
) throws -> DatasetSplits {
    var splits = try openParts(path)
    // Before the validation images are drawn, so that the draw is one of whole images.
    if onBroken == .skip { splits.train = try BrokenImages.leftOut(of: splits.train, &splits.notices) }
    if let onBroken { splits.test = try onBroken.applied(to: splits.test, &splits.notices) }
    switch validation {
    case .none: break
    case .fraction(let fraction):
        guard fraction >= 0, fraction < 1 else {
            throw DatasetError(path, "a validation part of \(fraction) is no fraction, expected 0 <= fraction < 1")
        }
        if fraction == 0 { break }
        let (kept, held) = splits.train.split(fraction: fraction, seed: seed, purpose: "data.validation")
        guard held.count > 0 else {
            splits.notices.append("No class has two images, so there is no validation part.")
            break
        }
        splits.train = kept
        splits.validation = held
    case .folder(let name):
        let below = "\(path)/\(name)"
        let folder = isFolder(below) ? below : name
        guard isFolder(folder) else { throw DatasetError(name, "the validation folder does not exist") }
        splits.validation = try ImageFolder(folder, classNames: splits.classNames)
    }
    if let onBroken, onBroken == .fail || validation.isFolder, let part = splits.validation {
        splits.validation = try onBroken.applied(to: part, &splits.notices)
    }
    return splits
}

private let readable = """
    "digits", an image folder (train/<class>/<image> and test/<class>/<image>, or <class>/<image>), MNIST-style IDX \
    files, or CIFAR-10/100 binary files
    """

private func openParts(_ path: String) throws -> DatasetSplits {
    if path == "digits" {
        let (train, test) = try Digits.load()
        return DatasetSplits(
            train: train, test: test, format: "embedded handwritten digits", attribution: Digits.attribution)
    }
    guard exists(path) else { throw DatasetError(path, "this does not exist, expected \(readable)") }
    guard isFolder(path) else { throw DatasetError(path, "this is a file, expected \(readable)") }
    let content = try Folder(path)
    if let splits = try openPacked(path, content) { return splits }
    // The archives unpack into a folder of their own.
    for name in content.folders where name.hasPrefix("cifar-") || name.uppercased().hasSuffix("MNIST") || name == "raw"
    {
        let inner = "\(path)/\(name)"
        if let splits = try openPacked(inner, try Folder(inner)) { return splits }
    }
    if content.folders.contains("train") { return try openParted(path, content) }
    if content.files.isEmpty, !content.folders.isEmpty {
        let all = try ImageFolder(path)
        return try heldOut(all, path: path, format: "image folder")
    }
    throw DatasetError(path, "this folder holds \(summary(content)), expected \(readable)")
}

private func openPacked(_ path: String, _ content: Folder) throws -> DatasetSplits? {
    if let layout = CIFAR.layout(of: content.files) {
        let format = "CIFAR-\(layout.classCount)"
        for name in layout.trainFiles where !content.files.contains(name) {
            throw DatasetError("\(path)/\(name)", "this file of \(format) is missing")
        }
        let train = try CIFAR.dataset(layout, folder: path, files: layout.trainFiles)
        guard content.files.contains(layout.testFile) else { return try heldOut(train, path: path, format: format) }
        let test = try CIFAR.dataset(layout, folder: path, files: [layout.testFile])
        return DatasetSplits(train: train, test: test, format: format)
    }
    guard let files = IDX.find(content.files, part: ["train"]) else { return nil }
    let train = try IDX.dataset(
        images: "\(path)/\(files.images)", labels: "\(path)/\(files.labels)", classCount: nil)
    guard let testFiles = IDX.find(content.files, part: ["t10k", "test"]) else {
        return try heldOut(train, path: path, format: "IDX")
    }
    let test = try IDX.dataset(
        images: "\(path)/\(testFiles.images)", labels: "\(path)/\(testFiles.labels)",
        classCount: train.classNames.count)
    return DatasetSplits(train: train, test: test, format: "IDX")
}

private func openParted(_ path: String, _ content: Folder) throws -> DatasetSplits {
    let format = "image folder"
    let train = try ImageFolder("\(path)/train")
    guard let name = ["test", "val", "validation"].first(where: content.folders.contains) else {
        return try heldOut(train, path: path, format: format)
    }
    let test = try ImageFolder("\(path)/\(name)", classNames: train.classNames)
    var splits = DatasetSplits(train: train, test: test, format: format)
    if name != "test" { splits.notices.append("\(path) has no folder test, so \(name) is the test set.") }
    return splits
}

/// A tenth of the data as the test set.
private func heldOut(_ all: any ImageDataset, path: String, format: String) throws -> DatasetSplits {
    let (kept, held) = all.split(fraction: 0.1, seed: 0, purpose: "data.test")
    guard held.count > 0 else {
        throw DatasetError(path, "no class has two images, so none can be held out for the test")
    }
    let notice = """
        \(path) has no test part, so \(held.count) of its \(all.count) images (a tenth of each class) are held out as the \
        test set, the same ones in every run.
        """
    return DatasetSplits(train: kept, test: held, format: format, notices: [notice])
}

private func summary(_ content: Folder) -> String {
    func list(_ names: [String], _ singular: String, _ plural: String) -> String? {
        guard let first = names.first else { return nil }
        return names.count == 1 ? "one \(singular) (\(first))" : "\(names.count) \(plural) (\(first), ...)"
    }
    let parts = [list(content.folders, "folder", "folders"), list(content.files, "file", "files")].compactMap { $0 }
    return parts.isEmpty ? "nothing" : parts.joined(separator: " and ")
}
