/// A table whose rows are written as they come, so that nothing but the widths need be known before.
public struct StreamedTable: Sendable {
    /// A column: its title, its side and the room it is given.
    public struct Column: Sendable {
        /// What stands above it.
        public let title: String
        /// Whether cells end at the right, as numbers do.
        public let isRight: Bool
        /// What the widest cell is expected to take; a wider one moves the rest of its row.
        let width: Int

        /// - Parameter widest: what the widest cell is expected to take, in columns of the terminal.
        public init(_ title: String, isRight: Bool = false, widest: Int) {
            self.title = title
            self.isRight = isRight
            width = max(widest, TextWidth.columns(title))
        }
    }

    private let columns: [Column]

    package init(_ columns: [Column]) { self.columns = columns }

    /// The titles and the line below them.
    package var head: String {
        row(columns.map(\.title)) + row(columns.map { String(repeating: "-", count: $0.width) })
    }

    /// One row, ended by a line break.
    package func row(_ cells: [String]) -> String {
        var line = ""
        for (index, (column, cell)) in zip(columns, cells).enumerated() {
            let cell = TextWidth.singleLine(cell)
            let padding = String(repeating: " ", count: max(0, column.width - TextWidth.columns(cell)))
            line += (index > 0 ? "  " : "") + (column.isRight ? padding + cell : cell + padding)
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }
}
