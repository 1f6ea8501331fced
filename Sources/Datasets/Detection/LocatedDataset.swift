import Tensors

/// Images with objects, read from files.
///
/// The header of every image was looked at when the data set was opened, so all of them are of the sizes that are said of
/// them.
struct LocatedDataset: AnnotatedDataset, CategorizedDataset {
    let categories: DetectionCategories
    private let source: any ObjectSource
    private let frames: [ImageFrame]
    /// The label of each class of the source; nil for one that is not asked for.
    private let labels: [Int?]
    /// Whether outlines are read.
    private let hasOutlines: Bool

    /// - Parameters:
    ///   - reference: the classes to count in, by name, as the user or the training part has them; nil takes those of the
    ///     source.
    init(
        _ source: any ObjectSource, _ reference: DetectionCategories?, _ options: DetectionDataOptions,
        _ notices: inout [String]
    ) throws {
        self.source = source
        hasOutlines = options.needsMasks
        let path = source.entries.first?.list ?? options.path
        let (categories, labels) = try ClassMatch.labels(source.classes, reference, path)
        // What the user does not ask for is passed over; what the training part does not know is a mistake.
        if options.classNames == nil, let lost = source.usedClasses.sorted().first(where: { labels[$0] == nil }) {
            throw DatasetError(
                path,
                "there are objects of the class \(source.classes.names[lost]), which is no class of the training part, "
                    + "expected one of \(listed(categories.names, most: 20))")
        }
        (self.categories, self.labels) = (categories, labels)
        frames = try Self.checked(source.entries, options.onBroken, &notices)
    }

    var classNames: [String] { categories.names }
    var count: Int { frames.count }
    func name(_ index: Int) -> String { FileName.shown(path(index)) }
    func image(_ index: Int) throws -> Image {
        let image = try ImageKind.decode(path(index))
        guard image.size == frames[index].size else {
            throw DatasetError(path(index), "this image was changed while it was in use")
        }
        return image
    }
    func fingerprint(_ index: Int) throws -> ContentHash { ContentHash(of: try readFile(path(index))) }
    func shape(_ index: Int) throws -> ImageShape { try ImageShape(contentsOf: path(index)) }
    func annotation(_ index: Int) throws -> LocatedInstances { try annotation(index, withOutlines: hasOutlines) }

    private func path(_ index: Int) -> String { source.entries[frames[index].index].image }

    func annotation(_ index: Int, withOutlines: Bool) throws -> LocatedInstances {
        let frame = frames[index]
        let items = try source.objects(frame.index, size: frame.drawn, withOutlines: withOutlines).compactMap { item in
            labels[item.classIndex].map { label in
                var item = item
                item.classIndex = label
                return item
            }
        }
        if let other = items.first(where: { ($0.runs?.size ?? frame.drawn) != frame.drawn }) {
            throw DatasetError(
                source.entries[frame.index].list,
                "annotation \(other.identifier ?? 0) has run lengths of \(other.runs?.size ?? 0) pixels (height x width), but "
                    + "its image \(name(index)) has \(frame.drawn)")
        }
        var objects = Instances(size: frame.drawn, items: items)
        if frame.orientation != 1 { objects = objects.moved(by: .reorient(frame.drawn, frame.orientation)) }
        return LocatedInstances(identifier: source.entries[frame.index].identifier, original: objects)
    }

    /// The images that can be used.
    private static func checked(
        _ entries: [ObjectEntry], _ policy: BrokenImages.Policy?, _ notices: inout [String]
    ) throws -> [ImageFrame] {
        let findings = ImageFrame.findings(entries)
        var frames: [ImageFrame] = []
        var (broken, missing, others, turned): ([DatasetError], [Int], [Int], [Int]) = ([], [], [], [])
        for (index, finding) in findings.enumerated() {
            switch finding {
            case .frame(let frame, let isTurned):
                frames.append(frame)
                if isTurned { turned.append(index) }
            case .broken, .missing:
                if case .missing = finding { missing.append(index) }
                if policy == nil, let size = entries[index].size {
                    // Nobody looks for such images; it shows when they are decoded.
                    frames.append(ImageFrame(index: index, size: size, drawn: size, orientation: 1))
                } else if case .broken(let error) = finding {
                    broken.append(error)
                } else {
                    broken.append(DatasetError(entries[index].image, "the image does not exist"))
                }
            case .other: others.append(index)
            }
        }
        if let first = others.first, case .other(let found, let said) = findings[first] {
            let more = others.count > 1 ? ", and so with \(counted(others.count - 1, "other image"))" : ""
            throw DatasetError(
                entries[first].image,
                "the image has \(found.height) x \(found.width) pixels (height x width), but "
                    + "\(FileName.shown(entries[first].list)) says \(said.height) x \(said.width), expected the same\(more)"
            )
        }
        if let first = missing.first, missing.count == entries.count {
            throw DatasetError(
                entries[first].image,
                "the image does not exist, nor any other of \(entries.count) that \(FileName.shown(entries[first].list)) "
                    + "lists; data.images gives the folder that their names count from")
        }
        if !broken.isEmpty {
            guard policy == .skip else { throw BrokenImages.error(broken) ?? broken[0] }
            guard !frames.isEmpty else {
                throw DatasetError(broken[0].path, "\(broken[0].problem), and so it is with all \(broken.count) images")
            }
            notices += broken.prefix(BrokenImages.mostNamed).map { "left out: \($0)" }
            if broken.count > BrokenImages.mostNamed {
                notices.append("left out: \(broken.count - BrokenImages.mostNamed) more images.")
            }
        }
        if !turned.isEmpty {
            let names = listed(turned.map { entries[$0].image }, most: 3)
            notices.append(
                "\(counted(turned.count, "image")) (\(names)) \(turned.count == 1 ? "is" : "are") as large as said only after "
                    + "a quarter of a turn; where the file asks for one (EXIF), the objects were turned with the picture"
            )
        }
        return frames
    }
}
