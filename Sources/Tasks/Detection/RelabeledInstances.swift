import Datasets

/// A data set of objects in whose stead labels count in other classes: those of a model, say.
struct RelabeledInstances: AnnotatedDataset {
    private let base: any AnnotatedDataset<LocatedInstances>
    let classNames: [String]
    /// The new label of each old one.
    private let labels: [Int]

    /// - Parameters:
    ///   - names: what the data set's own classes are called, in the order of its labels.
    ///   - classNames: the classes to count in.
    /// - Returns: nil when a class is none of them.
    init?(_ base: any AnnotatedDataset<LocatedInstances>, names: [String], as classNames: [String]) {
        let positions = Dictionary(classNames.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        labels = names.compactMap { positions[$0] }
        guard labels.count == names.count else { return nil }
        (self.base, self.classNames) = (base, classNames)
    }

    var count: Int { base.count }
    var isInMemory: Bool { base.isInMemory }
    func image(_ index: Int) throws -> Image { try base.image(index) }
    func name(_ index: Int) -> String { base.name(index) }
    func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(index) }
    func explained(_ error: DatasetError) -> DatasetError { base.explained(error) }
    func shape(_ index: Int) throws -> ImageShape { try base.shape(index) }

    func annotation(_ index: Int) throws -> LocatedInstances {
        var annotation = try base.annotation(index)
        for place in annotation.original.items.indices {
            annotation.original.items[place].classIndex = labels[annotation.original.items[place].classIndex]
        }
        for place in annotation.placed.items.indices {
            annotation.placed.items[place].classIndex = labels[annotation.placed.items[place].classIndex]
        }
        return annotation
    }
}
