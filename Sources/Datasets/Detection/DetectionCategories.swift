/// The classes of objects, and the numbers that files call them by.
///
/// A label is the position of its category in the order of the ids (or in the list that the user gave); results are
/// written with the ids.
public struct DetectionCategories: Sendable, Equatable {
    /// The name of each label.
    public let names: [String]
    /// The id of each label in the files that the data was read from.
    public let identifiers: [Int64]

    /// - Parameter identifiers: the id of each label; nil numbers them from 1 on.
    public init(names: [String], identifiers: [Int64]? = nil) {
        self.names = names
        self.identifiers =
            identifiers.flatMap { $0.count == names.count ? $0 : nil } ?? names.indices.map { Int64($0 + 1) }
    }

    /// How many there are.
    public var count: Int { names.count }

    /// The label of a category id; nil for one that is not known.
    public func label(of identifier: Int64) -> Int? { identifiers.firstIndex(of: identifier) }

    /// Those of a data set: what its files say, also through subsets and joined parts; 1, 2, ... where there are none.
    public init(of dataset: any AnnotatedDataset<LocatedInstances>) {
        self = (dataset as? any CategorizedDataset)?.categories ?? DetectionCategories(names: dataset.classNames)
    }
}

/// A data set that knows the ids of its classes.
protocol CategorizedDataset {
    var categories: DetectionCategories { get }
}
