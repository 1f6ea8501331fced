/// What a task makes of the rows of a table.
package struct ListReading<Annotation: Datasets.Annotation>: Sendable {
    /// The names that annotations count in.
    let classNames: [String]
    /// One annotation for each row of this table or of another one with the same columns.
    /// - Throws: `DatasetError` that names file and line.
    let annotations: @Sendable (SampleTable) throws -> [Annotation]
}

/// What can be said of an image in the words of a table.
package protocol ListedAnnotation: Annotation {
    /// What a CSV file must say of each image, for messages.
    static var expectedColumns: String { get }
    /// How rows are read, by what a table's training rows say.
    static func reading(_ table: SampleTable, _ options: ListOptions) throws -> ListReading<Self>
}

extension ClassLabel: ListedAnnotation {
    package static var expectedColumns: String { "image and label" }

    /// The column `label` holds the class.
    package static func reading(_ table: SampleTable, _ options: ListOptions) throws -> ListReading<ClassLabel> {
        let given = options.classNames
        let column = try table.required(SampleTable.labelColumn, expectedColumns)
        let words = table.rows.filter { $0.part == .training }.map { $0.cells[column] }
        let classes = ListedClasses(Set(words), given: given)
        return ListReading(classNames: classes.names) { table in
            let column = try table.required(SampleTable.labelColumn, expectedColumns)
            let weights = try table.weights()
            return try table.rows.enumerated().map { index, row in
                let word = row.cells[column]
                guard !word.isEmpty, let label = classes.index(word) else {
                    throw table.error(row, classes.problem(word, isGiven: given != nil))
                }
                return ClassLabel(label, weight: weights?[index] ?? 1)
            }
        }
    }
}

extension ClassSet: ListedAnnotation {
    package static var expectedColumns: String {
        "image and label (a|b), or image and a column of 0 and 1 for each class"
    }

    /// The column `label` holds classes divided by `|`, or else each column is a class, 0 or 1.
    package static func reading(_ table: SampleTable, _ options: ListOptions) throws -> ListReading<ClassSet> {
        let given = options.classNames
        if table.column(SampleTable.labelColumn) == nil { return try columns(table, given) }
        @Sendable func words(_ cell: String) -> [String] {
            cell.split(separator: "|", omittingEmptySubsequences: false).map { String($0).trimmed }
        }
        let column = try table.required(SampleTable.labelColumn, expectedColumns)
        let found = table.rows.filter { $0.part == .training && !$0.cells[column].isEmpty }
            .flatMap { words($0.cells[column]) }
        let classes = ListedClasses(Set(found), given: given)
        return ListReading(classNames: classes.names) { table in
            let column = try table.required(SampleTable.labelColumn, expectedColumns)
            let weights = try table.weights()
            return try table.rows.enumerated().map { index, row in
                let cell = row.cells[column]
                let indices = try (cell.isEmpty ? [] : words(cell)).map { word in
                    guard !word.isEmpty, let label = classes.index(word) else {
                        throw table.error(
                            row,
                            word.isEmpty
                                ? "a class has no name in '\(cell)', expected names divided by |"
                                : classes.problem(word, isGiven: given != nil))
                    }
                    return label
                }
                return ClassSet(indices, weight: weights?[index] ?? 1)
            }
        }
    }

    private static func columns(_ table: SampleTable, _ given: [String]?) throws -> ListReading<ClassSet> {
        let names = given ?? table.columns.filter { $0 != SampleTable.weightColumn }
        guard !names.isEmpty else { throw table.missing(SampleTable.labelColumn, expectedColumns) }
        return ListReading(classNames: names) { table in
            let positions = try names.map { try table.required($0, expectedColumns) }
            let weights = try table.weights()
            return try table.rows.enumerated().map { index, row in
                let present = try positions.indices.filter { position in
                    switch row.cells[positions[position]] {
                    case "1", "1.0": return true
                    case "0", "0.0": return false
                    case let cell:
                        throw table.error(
                            row, "the column '\(names[position])' has '\(cell)', expected 0 or 1 for each class")
                    }
                }
                return ClassSet(present, weight: weights?[index] ?? 1)
            }
        }
    }
}

extension Quantities: ListedAnnotation {
    package static var expectedColumns: String { "image and one or several columns of numbers" }

    /// The columns that are named hold numbers, or else all columns do.
    package static func reading(_ table: SampleTable, _ options: ListOptions) throws -> ListReading<Quantities> {
        let names = options.columns ?? table.columns.filter { $0 != SampleTable.weightColumn }
        guard !names.isEmpty else {
            throw DatasetError(table.path, "there are no columns of numbers, expected \(expectedColumns)")
        }
        return ListReading(classNames: names) { table in
            let positions = try names.map { try table.required($0, expectedColumns) }
            let weights = try table.weights()
            return try table.rows.enumerated().map { index, row in
                let values = try zip(names, positions).map { name, position in
                    guard let value = Double(row.cells[position]), value.isFinite else {
                        let found = row.cells[position].isEmpty ? "empty" : "'\(row.cells[position])'"
                        throw table.error(
                            row,
                            "the column '\(name)' is \(found), expected a number (data.targets chooses the columns)")
                    }
                    return value
                }
                return Quantities(values, weight: weights?[index] ?? 1)
            }
        }
    }
}
