import Tensors

/// The images of a table, each with what is said of it.
struct ListedDataset<Annotation: Datasets.Annotation>: AnnotatedDataset {
    let classNames: [String]
    private let table: String
    private let rows: [SampleTable.Row]
    private let annotations: [Annotation]

    /// - Parameter entries: some rows of the table.
    init(_ table: SampleTable, classNames: [String], _ entries: [(row: SampleTable.Row, annotation: Annotation)]) {
        (self.table, self.classNames) = (table.path, classNames)
        rows = entries.map(\.row)
        annotations = entries.map(\.annotation)
    }

    var count: Int { rows.count }
    func annotation(_ index: Int) -> Annotation { annotations[index] }
    func name(_ index: Int) -> String { FileName.shown(rows[index].image.name) }
    func fingerprint(_ index: Int) throws -> ContentHash { ContentHash(of: try rows[index].image.bytes()) }
    func shape(_ index: Int) throws -> ImageShape { try rows[index].image.shape() }

    /// - Throws: `DatasetError` that names the file and the line it is listed in.
    func image(_ index: Int) throws -> Image {
        let row = rows[index]
        guard case .file = row.image else { return try row.image.decoded() }
        do { return try row.image.decoded() } catch let error as DatasetError {
            throw DatasetError(error.path, "\(error.problem) (\(row.place) of \(table))")
        }
    }
}
