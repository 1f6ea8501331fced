/// Images that a CSV file lists, or that lie in tar files with what is said of each beside them.
///
/// A CSV file has a header. `image` is a path relative to the file's folder, `part` (train, validation or test) and
/// `weight` (how much the image counts in the loss) may be left out, and what else there is depends on what is learnt.
/// Tar files are laid out as WebDataset has them: `name.jpg` and beside it `name.cls`, `name.txt` or `name.json`, whose
/// members are what columns are in a CSV file. They are read in place.
package enum ListedData {
    /// Opens a list and splits it.
    /// - Throws: `DatasetError` that names the file and the line.
    package static func open<Annotation: ListedAnnotation>(
        _ options: ListOptions, of type: Annotation.Type
    ) throws -> DatasetSplits<Annotation> {
        var source = try ListedSource<Annotation>(options)
        return try source.splits(options)
    }

    /// Opens one part of a list, by the rules of `LabeledData.openPart`.
    /// - Parameter isTrainedOn: whether the model that is measured may have learnt from this data.
    package static func openPart<Annotation: ListedAnnotation>(
        _ options: ListOptions, of type: Annotation.Type, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<Annotation> {
        var source = try ListedSource<Annotation>(options)
        return try source.opened(choice, options, isTrainedOn: isTrainedOn)
    }

    /// Whether a list lies at a path: a CSV file, or tar files.
    package static func isOne(_ path: String) -> Bool {
        if Shards.isPattern(path) { return ((try? Shards.expanded(path)) ?? []).first.map { exists($0) } ?? false }
        return ["csv", "tar"].contains(FileName.ending(path)) && exists(path) && !isFolder(path)
    }

    /// The names of the images of each fold.
    package static func folds<Annotation: ListedAnnotation>(
        _ options: ListOptions, of type: Annotation.Type
    ) throws -> [[String]] {
        var source = try ListedSource<Annotation>(options)
        return try source.foldNames(options)
    }
}

/// The parts of a list.
struct ListedSource<Annotation: ListedAnnotation>: PartedSource {
    let table: SampleTable
    private let reading: ListReading<Annotation>
    private let checksFiles: Bool
    private var parts: [PartKind: ListedDataset<Annotation>] = [:]

    /// - Throws: `DatasetError` where there is no list, or where it does not say what it must.
    init(_ options: ListOptions) throws {
        guard let table = try SampleTable.open(options.path, checksFiles: options.checksFiles) else {
            let what = exists(options.path) ? "this is no list of images" : "this does not exist"
            throw DatasetError(
                options.path,
                "\(what), expected a CSV file with the columns \(Annotation.expectedColumns), or tar files that say the same"
            )
        }
        try self.init(table, options)
    }

    init(_ table: SampleTable, _ options: ListOptions) throws {
        self.table = table
        checksFiles = options.checksFiles
        reading = try Annotation.reading(table, options)
        guard table.rows.contains(where: { $0.part == .training }) else {
            throw DatasetError(table.path, "none of the \(counted(table.rows.count, "image")) is a training image")
        }
        let weights = try table.weights()
        if let weights, !zip(table.rows, weights).contains(where: { $0.part == .training && $1 > 0 }) {
            throw DatasetError(
                table.path, "the \(SampleTable.weightColumn) of every training image is 0, so nothing could be learnt")
        }
        let entries = zip(table.rows, try reading.annotations(table))
        for kind in PartKind.allCases {
            let own = entries.filter { $0.0.part == kind }.map { (row: $0, annotation: $1) }
            if !own.isEmpty { parts[kind] = ListedDataset(table, classNames: reading.classNames, own) }
        }
    }

    var format: String { table.format }
    var attribution: String? { nil }
    var notices: [String] { table.notices }
    var kinds: [PartKind] { PartKind.allCases.filter { parts[$0] != nil } }
    var isWhole: Bool { kinds == [.training] }
    var isEmbedded: Bool { false }

    func part(_ kind: PartKind) -> (any AnnotatedDataset<Annotation>)? { parts[kind] }

    func training() throws -> any AnnotatedDataset<Annotation> {
        guard let part = parts[.training] else { throw DatasetError(table.path, "there is no training part") }
        return part
    }

    /// Another list, whose images are all taken.
    func namedPart(_ name: String) throws -> any AnnotatedDataset<Annotation> {
        guard let other = try SampleTable.named(name, in: table.root, checksFiles: checksFiles) else {
            throw DatasetError(
                name, "there is no list of validation images, expected a CSV file or tar files as in data.path")
        }
        let own = Set(table.rows.map(\.image))
        if let shared = other.rows.first(where: { own.contains($0.image) }) {
            throw other.error(
                shared,
                "\(FileName.shown(shared.image.name)) is listed in \(table.path) as well, and no image can be in "
                    + "two parts")
        }
        let entries = zip(other.rows, try reading.annotations(other)).map { (row: $0, annotation: $1) }
        return ListedDataset(other, classNames: reading.classNames, entries)
    }
}
