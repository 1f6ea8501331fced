import Tensors

/// The parts of a data set with masks as they are stored; each is read when it is first asked for.
struct StoredMasks: PartedSource {
    private enum Source {
        case scenes
        case folders(MaskLayout, MaskLegend)
    }

    private let options: SegmentationDataOptions
    private let source: Source
    private let budget: MaskBudget
    private(set) var notices: [String] = []
    private var opened: [PartKind: any AnnotatedDataset<Mask>] = [:]

    /// Recognizes the data; masks are not read yet.
    init(_ options: SegmentationDataOptions) throws {
        self.options = options
        budget = MaskBudget(megabytes: options.packedMegabytes)
        let path = options.path
        if path == SegmentationData.scenes {
            source = .scenes
            return
        }
        guard exists(path) else {
            let problem = isSymbolicLink(path) ? "this is a link that leads nowhere" : "this does not exist"
            throw DatasetError(path, "\(problem), expected the word scenes or a folder with \(MaskLayout.expected)")
        }
        guard isFolder(path) else {
            throw DatasetError(path, "this is no folder, expected one with \(MaskLayout.expected)")
        }
        let layout = try MaskLayout(path)
        notices = layout.notices
        var folders = [layout.root, path]
        if let part = layout.part(.training) { folders += [part.masks, "\(part.masks)/.."] }
        source = .folders(layout, try MaskLegend(options, ClassFile.find(in: folders), path: path))
    }

    var path: String { options.path }
    var attribution: String? { if case .scenes = source { DigitScenes.attribution } else { nil } }

    var format: String {
        switch source {
        case .scenes: "embedded scenes of handwritten digits"
        case .folders(_, let legend): legend.inColor ? "images and color masks" : "images and masks"
        }
    }

    /// The parts that there are.
    var kinds: [PartKind] {
        switch source {
        case .scenes: PartKind.allCases
        case .folders(let layout, _): PartKind.allCases.filter { layout.part($0) != nil }
        }
    }

    /// Whether the data is not divided at all.
    var isWhole: Bool { if case .folders(let layout, _) = source { layout.isWhole } else { false } }
    var isEmbedded: Bool { if case .scenes = source { true } else { false } }

    /// Reads a part; nil where there is none.
    mutating func part(_ kind: PartKind) throws -> (any AnnotatedDataset<Mask>)? {
        if let known = opened[kind] { return known }
        let part: (any AnnotatedDataset<Mask>)?
        switch source {
        case .scenes:
            let scenes: DigitScenePart =
                switch kind {
                case .training: .train
                case .validation: .validation
                case .test: .test
                }
            part = try DigitScenes(scenes).masks
        case .folders(let layout, let legend):
            part = try layout.part(kind).map { stored in
                let folder = try folder(stored, legend, options.onBroken == .skip)
                if kind == .training { try Self.check(folder, stored) }
                return folder
            }
        }
        opened[kind] = part
        return part
    }

    /// The part that is learned from.
    mutating func training() throws -> any AnnotatedDataset<Mask> {
        guard let part = try part(.training) else { throw DatasetError(path, "there is no training part") }
        return part
    }

    /// A folder that the user names as the validation part: an images folder's parent below the data's path, or a path.
    mutating func namedPart(_ name: String) throws -> any AnnotatedDataset<Mask> {
        guard case .folders(let layout, let legend) = source else {
            throw DatasetError(name, "the scenes have a validation part of their own, expected data.validation: auto")
        }
        let candidates = ["\(layout.root)/\(name)", "\(path)/\(name)", name]
        guard let found = candidates.first(where: isFolder) else {
            throw DatasetError(name, "the validation folder does not exist")
        }
        // ADE20K's way and CamVid's name a folder of images that is a part already.
        for kind in PartKind.allCases {
            guard let part = layout.part(kind), isSameFile(part.images, found) || isSameFile("\(part.images)/..", found)
            else { continue }
            guard kind == .validation, let part = try self.part(.validation) else {
                throw DatasetError(found, "this is the \(kind.rawValue) part, and no folder can be two parts")
            }
            return part
        }
        let inner = try MaskLayout(found)
        guard inner.isWhole, let part = inner.part(.training) else {
            throw DatasetError(found, "the validation folder is divided into parts, expected images/ and labels/ in it")
        }
        return try folder(part, legend, options.onBroken == .skip)
    }

    private mutating func folder(_ part: MaskLayout.Part, _ legend: MaskLegend, _ skips: Bool) throws -> MaskFolder {
        try MaskFolder(try MaskPairs(part).pairs, legend, skipsBroken: skips, budget, &notices)
    }

    /// Masks of 0 and 255 where 255 is ignored have one class: nothing can be learned from them, and nothing else tells.
    private static func check(_ folder: MaskFolder, _ part: MaskLayout.Part) throws {
        let scan = try MaskScan(folder)
        let present = scan.entries.filter { $0.classIndex != nil && $0.images > 0 }
        guard present.count < 2 else { return }
        let ignored = scan.entries.filter { $0.classIndex == nil }
        let name = present.first.flatMap { $0.classIndex }.map { scan.classNames[$0] }
        var text =
            name.map { "every pixel of the training masks that counts is of the class \($0)" }
            ?? "no pixel of the training masks counts"
        if let most = ignored.max(by: { $0.pixels < $1.pixels }) {
            text += ", and \(most.value) (\(counted(most.pixels, "pixel"))) is ignored"
            if most.value == "255", scan.classNames.count == 2 {
                text += "; for masks of 0 and 255 data.labelValues is [0, 255]"
            }
        }
        throw DatasetError(part.masks, text + "; expected two classes at least")
    }
}
