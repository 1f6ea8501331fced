import Datasets
import Tensors

/// Some columns of another data set, in another order: those of a model, say.
struct ChosenQuantities: AnnotatedDataset {
    private let base: any AnnotatedDataset<Quantities>
    let classNames: [String]
    private let positions: [Int]

    /// - Parameter names: what the data set's own columns are called, in order.
    /// - Returns: nil when one that is wanted is not there.
    init?(_ base: any AnnotatedDataset<Quantities>, names: [String], as classNames: [String]) {
        let positions = classNames.compactMap { names.firstIndex(of: $0) }
        guard positions.count == classNames.count else { return nil }
        (self.base, self.classNames, self.positions) = (base, classNames, positions)
    }

    var count: Int { base.count }
    var isInMemory: Bool { base.isInMemory }
    func annotation(_ index: Int) throws -> Quantities {
        let own = try base.annotation(index)
        return Quantities(positions.map { own.values[$0] }, weight: own.weight)
    }
    func image(_ index: Int) throws -> Image { try base.image(index) }
    func name(_ index: Int) -> String { base.name(index) }
    func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(index) }
    func explained(_ error: DatasetError) -> DatasetError { base.explained(error) }
    func shape(_ index: Int) throws -> ImageShape { try base.shape(index) }
}
