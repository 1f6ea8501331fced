import Tensors

/// Which images are opened, and how much smaller ones are made of them.
public struct PictureDataOptions: Sendable, PartingOptions {
    /// A folder, or a word of `EmbeddedData`.
    public var path: String
    /// How much smaller.
    public var scale: Int
    /// Where the images come from that choose among weights.
    public var validation = ValidationSource.automatic
    /// The run's seed, which chooses the validation images.
    public var seed: UInt64 = 0
    /// What is done about images that cannot be read; nil does not look for them.
    public var onBroken: BrokenImages.Policy? = .fail
    /// Memory for decoded images, and for files whose images are all held in it.
    public var packedMegabytes = PackedBudget.defaultMegabytes
    package var classNames: [String]?
    package var folds: Int?
    package var fold: Int?

    /// The images at `path`, made smaller by `scale`.
    public init(path: String, scale: Int) { (self.path, self.scale) = (path, scale) }
}

/// Images of any kind, to be made smaller and enlarged again, wherever they lie.
public enum PictureData {
    /// Opens the data set and splits it.
    ///
    /// Recognized are the words `digits` (each digit enlarged to 24x24) and `scenes`, the files of CIFAR and of IDX, and any
    /// folder: all images in it and below it, of the parts `train/`, `val/` and `test/` where there are such folders. Gray
    /// images count as colored ones. Where there is neither a validation nor a test part, a tenth of the images is held out
    /// as the test part, the same one for every seed.
    /// - Throws: `DatasetError` that names the file or folder.
    public static func open(_ options: PictureDataOptions) throws -> DatasetSplits<Picture> {
        var stored = try StoredPictures(options)
        return try stored.splits(options)
    }

    /// Opens one part of the data set, see `LabeledData.openPart`, whose rules are the same.
    /// - Parameter isTrainedOn: whether the model that is measured may have learnt from this data.
    public static func openPart(
        _ options: PictureDataOptions, _ choice: PartChoice? = nil, isTrainedOn: Bool = true
    ) throws -> DatasetPart<Picture> {
        var stored = try StoredPictures(options)
        return try stored.opened(choice, options, isTrainedOn: isTrainedOn)
    }
}

/// The parts of a data set of images as they are stored.
struct StoredPictures: PartedSource {
    private let options: PictureDataOptions
    private let parts: [PartKind: any ImageDataset]
    private let budget: MaskBudget
    private let root: String
    let format: String
    let attribution: String?
    let isWhole: Bool
    let isEmbedded: Bool
    private(set) var notices: [String] = []

    /// Digits have 8 pixels a side, of which nothing would be left.
    private static let digitFactor = 3

    /// Recognizes the data; images are not read yet.
    init(_ options: PictureDataOptions) throws {
        self.options = options
        budget = MaskBudget(megabytes: options.packedMegabytes)
        let path = options.path
        switch EmbeddedData(rawValue: path) {
        case .digits:
            let (train, test) = try Digits.load()
            parts = [
                .training: EnlargedImages(base: train, factor: Self.digitFactor),
                .test: EnlargedImages(base: test, factor: Self.digitFactor),
            ]
            (format, attribution) = ("embedded handwritten digits, enlarged", Digits.attribution)
        case .scenes:
            parts = [
                .training: try DigitScenes(.train).masks, .validation: try DigitScenes(.validation).masks,
                .test: try DigitScenes(.test).masks,
            ]
            (format, attribution) = ("embedded scenes of handwritten digits", DigitScenes.attribution)
        case nil:
            (root, attribution, isEmbedded) = (path, nil, false)
            try Self.check(path)
            let content = try Folder(path)
            if FolderSearch.isPacked(content) {
                let stored = try StoredParts.open(path, packedMegabytes: options.packedMegabytes)
                let found: [(PartKind, (any ImageDataset)?)] = [
                    (.training, stored.train), (.validation, stored.validation), (.test, stored.test),
                ]
                parts = Dictionary(uniqueKeysWithValues: found.compactMap { kind, part in part.map { (kind, $0) } })
                (format, isWhole) = (stored.format, parts.count == 1)
                return
            }
            let named = PartKind.find(in: content.folders).filter { FolderSearch.holdsImages("\(path)/\($0.folder)") }
            format = "folder of images"
            if named.contains(where: { $0.kind == .training }) {
                isWhole = false
                (parts, notices) = try Self.parts(path, named)
            } else {
                isWhole = true
                let files = try PictureFiles(path)
                parts = [.training: files]
                notices = files.notices
            }
            return
        }
        (root, isWhole, isEmbedded) = (path, false, true)
    }

    private static func check(_ path: String) throws {
        let expected = "expected a folder of images, or digits or scenes (embedded)"
        guard exists(path) else {
            let problem = isSymbolicLink(path) ? "this is a link that leads nowhere" : "this does not exist"
            throw DatasetError(path, "\(problem), \(expected)")
        }
        guard isFolder(path) else { throw DatasetError(path, "this is no folder, \(expected)") }
    }

    private static func parts(
        _ path: String, _ named: [(folder: String, kind: PartKind)]
    ) throws -> (parts: [PartKind: any ImageDataset], notices: [String]) {
        var parts: [PartKind: any ImageDataset] = [:]
        var notices: [String] = []
        for entry in named {
            guard parts[entry.kind] == nil else {
                let both = named.filter { $0.kind == entry.kind }.map { FileName.shown($0.folder) }
                throw DatasetError(
                    path,
                    "\(both.joined(separator: " and ")) both name the \(entry.kind.rawValue) part, expected one folder for it"
                )
            }
            let files = try PictureFiles("\(path)/\(entry.folder)")
            parts[entry.kind] = files
            notices += files.notices
        }
        return (parts, notices)
    }

    /// The parts that there are.
    var kinds: [PartKind] { PartKind.allCases.filter { parts[$0] != nil } }

    func part(_ kind: PartKind) throws -> (any AnnotatedDataset<Picture>)? {
        parts[kind].map { PicturePairs($0, scale: options.scale, budget) }
    }

    func training() throws -> any AnnotatedDataset<Picture> {
        guard let part = try part(.training) else { throw DatasetError(root, "there is no training part") }
        return part
    }

    func namedPart(_ name: String) throws -> any AnnotatedDataset<Picture> {
        let candidates = isEmbedded ? [name] : ["\(root)/\(name)", name]
        guard let found = candidates.first(where: isFolder) else {
            throw DatasetError(name, "the validation folder does not exist")
        }
        return PicturePairs(try PictureFiles(found), scale: options.scale, budget)
    }
}

/// All images in a folder and below it, by name.
struct PictureFiles: ImageDataset {
    private let paths: [String]
    let notices: [String]

    /// Reads names alone.
    /// - Throws: `DatasetError` where there is none.
    init(_ path: String) throws {
        let content = try ClassFolders(path)
        paths = content.strays + content.filled.flatMap { $0.files.map { "\(path)/\($0)" } }
        guard !paths.isEmpty else {
            throw DatasetError(path, "neither this folder nor one below it holds an image")
        }
        notices = [content.leftOut.notice].compactMap { $0 }
    }

    var count: Int { paths.count }
    func image(_ index: Int) throws -> Image { try ImageKind.decode(paths[index]) }
    func name(_ index: Int) -> String { FileName.shown(paths[index]) }
    func fingerprint(_ index: Int) throws -> ContentHash { ContentHash(of: try readFile(paths[index])) }
    func shape(_ index: Int) throws -> ImageShape { try ImageShape(contentsOf: paths[index]) }
}
