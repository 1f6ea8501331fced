import Datasets
import Tensors

/// Another data set in whose stead classes count in other names: those of a model, say.
struct RelabeledSets: AnnotatedDataset {
    private let base: any AnnotatedDataset<ClassSet>
    let classNames: [String]
    /// The new index of each class; nil for one that no image has.
    private let positions: [Int?]

    /// - Parameter names: what the data set's own classes are called, in order.
    /// - Returns: nil when a class that images have is none of the others.
    init?(_ base: any AnnotatedDataset<ClassSet>, names: [String], as classNames: [String]) throws {
        let counts = try MultiLabelConfiguration.counts(base)
        let known = Dictionary(classNames.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        let positions = names.map { known[$0] }
        guard zip(positions, counts).allSatisfy({ $0 != nil || $1 == 0 }) else { return nil }
        (self.base, self.classNames, self.positions) = (base, classNames, positions)
    }

    var count: Int { base.count }
    var isInMemory: Bool { base.isInMemory }
    func annotation(_ index: Int) throws -> ClassSet {
        let own = try base.annotation(index)
        return ClassSet(own.indices.compactMap { positions[$0] }, weight: own.weight)
    }
    func image(_ index: Int) throws -> Image { try base.image(index) }
    func name(_ index: Int) -> String { base.name(index) }
    func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(index) }
    func explained(_ error: DatasetError) -> DatasetError { base.explained(error) }
    func shape(_ index: Int) throws -> ImageShape { try base.shape(index) }
}
