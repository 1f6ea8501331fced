import Datasets

extension Weights {
    /// Images with their labels as these weights count their classes, which are found by name: data may have them in
    /// another order, or fewer.
    /// - Parameters:
    ///   - names: of the data's classes, in the order of its labels.
    ///   - path: of the data, for the message.
    /// - Throws: `RecipeError` that names the classes that the weights do not know.
    public func matched(
        _ dataset: any ImageDataset, names: [String], path: String
    ) throws -> any ImageDataset {
        let known = metadata.classNames
        let indices = Dictionary(known.enumerated().map { ($1, $0) }) { first, _ in first }
        let unknown = names.filter { indices[$0] == nil }
        guard unknown.isEmpty else {
            let kinds = unknown.count == 1 ? "the class" : "the classes"
            throw RecipeError(
                "\(path): the weights do not know \(kinds) \(Self.list(unknown)); they were trained with "
                    + "\(known.count == 1 ? "one class" : "\(known.count) classes"), \(Self.list(known))")
        }
        if names == known { return dataset }
        return RelabeledDataset(dataset, classNames: known, labels: names.compactMap { indices[$0] })
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }
}
