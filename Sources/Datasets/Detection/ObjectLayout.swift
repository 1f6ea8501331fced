/// Where the images of each part and the lists of their objects lie, of whatever format.
protocol ObjectLayout {
    /// What was recognized, in a few words.
    var format: String { get }
    /// The parts that there are.
    var kinds: [PartKind] { get }
    /// Whether the data is not divided at all.
    var isWhole: Bool { get }
    /// Reads the lists of a part.
    func source(_ kind: PartKind, _ notices: inout [String]) throws -> any ObjectSource
}

extension ObjectLayout {
    /// No part may be there twice, and there must be one to learn from.
    static func checked<Part>(
        _ parts: [(kind: PartKind, part: Part)], _ root: String, name: (Part) -> String, hint: String
    ) throws -> [PartKind: Part] {
        for kind in PartKind.allCases {
            let same = parts.filter { $0.kind == kind }
            guard same.count > 1 else { continue }
            throw DatasetError(
                root,
                "\(listed(same.map { name($0.part) }, most: 3)) all tell of the \(kind.rawValue) part, expected one; \(hint)"
            )
        }
        guard parts.contains(where: { $0.kind == .training }) else {
            throw DatasetError(
                root, "there is no training part beside the \(listed(parts.map(\.kind.rawValue))) part; \(hint)")
        }
        return Dictionary(parts.map { ($0.kind, $0.part) }) { first, _ in first }
    }
}
