/// Rows of comma-separated values as RFC 4180 has them, but with line feeds alone at line ends.
package enum CSV {
    /// One line, ended by a line break.
    package static func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") + "\n" }

    /// In quotation marks where a comma, a quotation mark, a line break or a space at an end would be lost without.
    static func quoted(_ cell: String) -> String {
        let needsQuotes =
            cell.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D } || cell.first == " "
            || cell.last == " "
        return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
    }

    /// A probability with as many digits as single precision holds.
    package static func number(_ value: Float) -> String { "\(value)" }
}
