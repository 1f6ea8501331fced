/// Text in aligned columns.
package struct Table: Sendable {
    package enum Alignment: Sendable {
        case left
        case right
        /// Right when every cell that holds something is a number.
        case automatic
    }

    /// A column's title, written as a plain string where the alignment is automatic.
    package struct Column: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
        package let title: String
        package let alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .automatic) {
            self.title = title
            self.alignment = alignment
        }

        package init(stringLiteral title: String) { self.init(title) }
    }

    package var columns: [Column]
    package var rows: [[String]]

    /// - Parameter rows: the cells; a row that is too short is filled up, what a row has beyond the columns is left out.
    package init(columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// The titles, a line and the rows, each ended by a line break, two spaces between columns, no spaces at line ends.
    package func render() -> String {
        let cells = rows.map { row in
            columns.indices.map { $0 < row.count ? TextWidth.singleLine(row[$0]) : "" }
        }
        let titles = columns.map { TextWidth.singleLine($0.title) }
        let widths = columns.indices.map { index in
            cells.reduce(TextWidth.columns(titles[index])) { max($0, TextWidth.columns($1[index])) }
        }
        let isRight = columns.indices.map { index in
            switch columns[index].alignment {
            case .left: false
            case .right: true
            case .automatic: Self.areNumbers(cells.map { $0[index] })
            }
        }
        func line(_ cells: [String]) -> String {
            var line = ""
            for (index, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[index] - TextWidth.columns(cell))
                line += (index > 0 ? "  " : "") + (isRight[index] ? padding + cell : cell + padding)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }
        return line(titles) + line(widths.map { String(repeating: "-", count: $0) }) + cells.map(line).joined()
    }

    private static func areNumbers(_ cells: [String]) -> Bool {
        let present = cells.filter { !$0.isEmpty && $0 != "-" }
        return !present.isEmpty && present.allSatisfy(isNumber)
    }

    private static func isNumber(_ cell: String) -> Bool {
        var text = cell.replacing(",", with: "")
        if text.hasSuffix("%") { text.removeLast() }
        return Double(text) != nil
    }
}
