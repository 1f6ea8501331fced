/// The images of another data set under other labels.
public struct RelabeledDataset: ImageDataset {
    private let base: any ImageDataset
    public let classNames: [String]
    /// By the labels of the other data set.
    private let labels: [Int]

    /// - Parameter labels: for each label of the other data set the index into `classNames`.
    public init(_ base: any ImageDataset, classNames: [String], labels: [Int]) {
        guard labels.count == base.classNames.count, labels.allSatisfy(classNames.indices.contains) else {
            fatalError(
                "RelabeledDataset: \(labels.count) labels for \(base.classNames.count) classes, each in "
                    + "0..<\(classNames.count)")
        }
        (self.base, self.classNames, self.labels) = (base, classNames, labels)
    }

    public var count: Int { base.count }
    public var isInMemory: Bool { base.isInMemory }
    public func label(_ index: Int) -> Int { labels[base.label(index)] }
    public func image(_ index: Int) throws -> Image { try base.image(index) }
    public func name(_ index: Int) -> String { base.name(index) }
}
