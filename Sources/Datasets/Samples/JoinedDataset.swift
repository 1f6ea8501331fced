import Tensors

/// The images of several data sets behind each other, all of which count in the same classes.
struct JoinedDataset<Annotation: Datasets.Annotation>: AnnotatedDataset {
    let parts: [any AnnotatedDataset<Annotation>]
    /// The first index of each part, and the number of images at the end.
    private let starts: [Int]

    /// - Parameter parts: one at least.
    init(_ parts: [any AnnotatedDataset<Annotation>]) {
        require(
            !parts.isEmpty && parts.allSatisfy { $0.classNames == parts[0].classNames }, "JoinedDataset",
            "\(parts.count) parts do not count in the same classes")
        self.parts = parts
        starts = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// Where an image lies: its part, and its index there.
    func place(_ index: Int) -> (part: any AnnotatedDataset<Annotation>, index: Int) {
        let number = parts.indices.last { starts[$0] <= index } ?? 0
        return (parts[number], index - starts[number])
    }

    private func at<Value>(
        _ index: Int, _ body: (any AnnotatedDataset<Annotation>, Int) throws -> Value
    ) rethrows -> Value {
        let (part, inner) = place(index)
        return try body(part, inner)
    }

    var classNames: [String] { parts[0].classNames }
    var count: Int { starts[parts.count] }
    var isInMemory: Bool { parts.allSatisfy(\.isInMemory) }
    func annotation(_ index: Int) throws -> Annotation { try at(index) { try $0.annotation($1) } }
    func image(_ index: Int) throws -> Image { try at(index) { try $0.image($1) } }
    func name(_ index: Int) -> String { at(index) { $0.name($1) } }
    func fingerprint(_ index: Int) throws -> ContentHash { try at(index) { try $0.fingerprint($1) } }
    func explained(_ error: DatasetError) -> DatasetError { parts.reduce(error) { $1.explained($0) } }
    func shape(_ index: Int) throws -> ImageShape { try at(index) { try $0.shape($1) } }
}
