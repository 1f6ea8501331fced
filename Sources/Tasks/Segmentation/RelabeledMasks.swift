import Datasets

/// A data set of masks in whose stead labels count in other classes: those of a model, say.
struct RelabeledMasks: AnnotatedDataset {
    private let base: any AnnotatedDataset<Mask>
    let classNames: [String]
    /// The new label of each old one.
    private let labels: [UInt8]

    /// - Parameters:
    ///   - names: what the data set's own classes are called, in the order of its labels.
    ///   - classNames: the classes to count in.
    /// - Returns: nil when a class is none of them.
    init?(_ base: any AnnotatedDataset<Mask>, names: [String], as classNames: [String]) throws {
        let positions = Dictionary(classNames.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        let found = names.compactMap { positions[$0] }
        guard found.count == names.count else { return nil }
        labels = (0..<256).map { UInt8(truncatingIfNeeded: $0 < found.count ? found[$0] : $0) }
        (self.base, self.classNames) = (base, classNames)
    }

    var count: Int { base.count }
    var isInMemory: Bool { base.isInMemory }
    func image(_ index: Int) throws -> Image { try base.image(index) }
    func name(_ index: Int) -> String { base.name(index) }
    func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(index) }
    func explained(_ error: DatasetError) -> DatasetError { base.explained(error) }
    func shape(_ index: Int) throws -> ImageShape { try base.shape(index) }

    func annotation(_ index: Int) throws -> Mask {
        let mask = try base.annotation(index)
        return Mask(size: mask.size, labels: mask.labels.map { labels[Int($0)] }, ignored: mask.ignored)
    }
}
