/// Which class of a file is which label.
enum ClassMatch {
    /// The labels of the classes of a source, and the categories that these count in.
    /// - Parameters:
    ///   - reference: the classes to count in; nil takes those of the source.
    ///   - path: for messages.
    static func labels(
        _ source: DetectionCategories, _ reference: DetectionCategories?, _ path: String
    ) throws -> (DetectionCategories, [Int?]) {
        guard let reference else { return (source, source.names.indices.map { $0 }) }
        let positions = Dictionary(reference.names.enumerated().map { ($1, $0) }) { first, _ in first }
        let labels = source.names.map { positions[$0] }
        guard labels.contains(where: { $0 != nil }) else {
            throw DatasetError(
                path,
                "none of the classes \(listed(source.names)) is one of \(listed(reference.names)), expected the same names"
            )
        }
        // Results of this part are written with its own ids.
        var identifiers = reference.identifiers
        for (place, label) in labels.enumerated() {
            if let label { identifiers[label] = source.identifiers[place] }
        }
        // An id of this part may be that of another class there.
        if Set(identifiers).count < identifiers.count { identifiers = reference.identifiers }
        return (DetectionCategories(names: reference.names, identifiers: identifiers), labels)
    }

    /// The classes that the user asks for.
    static func chosen(_ names: [String], of source: DetectionCategories, _ path: String) throws -> DetectionCategories
    {
        var identifiers: [Int64] = []
        for name in names {
            guard let place = source.names.firstIndex(of: name) else {
                let hint =
                    names.count > 1 && names.allSatisfy { $0.count == 1 }
                    ? "; data.classNames is a list of names, here each of one letter" : ""
                throw DatasetError(
                    path,
                    "data.classNames has \(name), which is no class of the data, expected one of "
                        + "\(listed(source.names, most: 20))\(hint)")
            }
            identifiers.append(source.identifiers[place])
        }
        return DetectionCategories(names: names, identifiers: identifiers)
    }
}
