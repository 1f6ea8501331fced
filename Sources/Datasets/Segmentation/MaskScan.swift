import Tensors

/// What the masks of a part hold: for each value what it stands for, and how many pixels and images have it.
public struct MaskScan: Sendable, Equatable {
    /// A value of the mask files.
    public struct Entry: Sendable, Equatable {
        /// As it is in the files: 7, or #8000FF for a color.
        public let value: String
        /// The class it stands for, an index into the class names; nil where it counts for nothing.
        public let classIndex: Int?
        /// How many pixels have it.
        public let pixels: Int
        /// How many images have such a pixel.
        public let images: Int
    }

    /// The names of the classes.
    public let classNames: [String]
    /// First the value of each class in order, whether it occurs or not, then the ignored ones that occur.
    public let entries: [Entry]
    /// How many images there are.
    public let imageCount: Int
    /// How many masks are of each size (height and width).
    public let sizes: [Pair: Int]

    /// How many pixels each class has.
    public var classPixels: [Int] { entries.filter { $0.classIndex != nil }.map(\.pixels) }
    /// In how many images each class is.
    public var classImages: [Int] { entries.filter { $0.classIndex != nil }.map(\.images) }
    /// How many pixels count for nothing.
    public var ignoredPixels: Int { entries.filter { $0.classIndex == nil }.reduce(0) { $0 + $1.pixels } }

    /// Adds up what was counted when mask files were opened; masks that come from no files are looked at here.
    public init(_ dataset: any AnnotatedDataset<Mask>) throws {
        var tally = MaskTally()
        for index in 0..<dataset.count { try tally.add(dataset, index) }
        classNames = dataset.classNames
        imageCount = dataset.count
        sizes = tally.sizes
        let legend = tally.legend
        let values = legend?.values ?? classNames.indices.map { UInt32($0) }
        func entry(_ value: UInt32, _ classIndex: Int?) -> Entry {
            Entry(
                value: legend?.shown(value) ?? "\(value)", classIndex: classIndex, pixels: tally.pixels[value] ?? 0,
                images: tally.images[value] ?? 0)
        }
        let known = Set(values)
        let rest = tally.pixels.keys.filter { !known.contains($0) }.sorted()
        entries = values.enumerated().map { entry($1, $0) } + rest.map { entry($0, nil) }
    }
}

private struct MaskTally {
    var pixels: [UInt32: Int] = [:]
    var images: [UInt32: Int] = [:]
    var sizes: [Pair: Int] = [:]
    var legend: MaskLegend?

    /// Image `index`, wherever it lies.
    mutating func add(_ dataset: any AnnotatedDataset<Mask>, _ index: Int) throws {
        switch dataset {
        case let folder as MaskFolder:
            legend = folder.legend
            add(folder.contents[index])
        case let subset as SubsetDataset<Mask>: try add(subset.base, subset.indices[index])
        case let watched as WatchedDataset<Mask>: try add(watched.base, index)
        case let joined as JoinedDataset<Mask>:
            let place = joined.place(index)
            try add(place.part, place.index)
        default:
            let mask = try dataset.annotation(index)
            add(MaskContent(size: mask.size, counts: MaskReading.counts(mask.labels.map { UInt32($0) })))
        }
    }

    private mutating func add(_ content: MaskContent) {
        sizes[content.size, default: 0] += 1
        for (value, count) in content.counts {
            pixels[value, default: 0] += count
            images[value, default: 0] += 1
        }
    }
}
