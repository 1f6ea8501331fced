/// A table of a page: text to the left, numbers to the right with digits of one width.
struct DataTable {
    struct Cell {
        var body: Markup
        /// What the script sorts by; the text where absent.
        var order: Double?
        /// A class of the style sheet.
        var kind = ""

        init(_ body: Markup, order: Double? = nil, kind: String = "") {
            (self.body, self.order, self.kind) = (body, order, kind)
        }

        static func text(_ text: String, kind: String = "") -> Cell { Cell("\(text)", kind: kind) }

        static func number(_ value: Double?, _ text: (Double) -> String) -> Cell {
            guard let value, value.isFinite else { return Cell("–", order: -.infinity, kind: "none") }
            return Cell("\(text(value))", order: value)
        }

        static func count(_ value: Int) -> Cell { Cell("\(NumberText.grouped(value))", order: Double(value)) }

        /// A share of 1 with a bar behind it.
        static func share(_ value: Double?) -> Cell {
            guard let value, value.isFinite else { return number(nil) { "\($0)" } }
            let width = NumberText.fixed(min(max(value, 0), 1) * 100, decimals: 1)
            return Cell(
                "<span class=\"bar\" style=\"--w:\(width)%\"></span>\(NumberText.percentage(value, decimals: 1))",
                order: value, kind: "barred")
        }
    }

    struct Column: ExpressibleByStringLiteral {
        let title: String
        var isNumber = false

        init(_ title: String, isNumber: Bool = false) { (self.title, self.isNumber) = (title, isNumber) }
        init(stringLiteral title: String) { self.title = title }
        static func number(_ title: String) -> Column { Column(title, isNumber: true) }
    }

    var columns: [Column]
    var rows: [[Cell]]
    /// Whether a click on a title sorts.
    var isSortable = false
    /// Whether a long table scrolls within the page.
    var isLimited = false
    /// What the table holds, for readers who reach it by keyboard.
    var label = "Table"
    /// Columns that a telephone has no room for.
    var spare: Set<Int> = []

    var markup: Markup {
        let titles = columns.enumerated().map { index, column -> Markup in
            let kinds = [column.isNumber ? "n" : "", spare.contains(index) ? "spare" : ""].filter { !$0.isEmpty }
            return kinds.isEmpty
                ? "<th scope=\"col\">\(column.title)</th>"
                : "<th scope=\"col\" class=\"\(kinds.joined(separator: " "))\">\(column.title)</th>"
        }
        let lines = rows.map { row -> Markup in
            let cells = zip(columns, row).enumerated().map { index, pair -> Markup in
                let (column, cell) = pair
                let kinds = [column.isNumber ? "n" : "", cell.kind, spare.contains(index) ? "spare" : ""].filter {
                    !$0.isEmpty
                }.joined(separator: " ")
                let name: Markup = kinds.isEmpty ? "" : " class=\"\(kinds)\""
                let order: Markup =
                    cell.order.map { isSortable ? " data-order=\"\(Self.orderText($0))\"" : "" } ?? ""
                return "<td\(name)\(order)>\(cell.body)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        let kind: Markup = isSortable ? " data-sortable" : ""
        let isLong = isLimited && rows.count > 24
        let box = ScrollBox(
            label: label, isLimited: isLong,
            body: "<table\(kind)><thead><tr>\(titles)</tr></thead>\n<tbody>\(lines)</tbody></table>")
        let more: Markup =
            isLong ? "<p class=\"more\">\(NumberText.grouped(rows.count)) rows; the box scrolls.</p>" : ""
        return box.markup + more
    }

    private static func orderText(_ value: Double) -> String { value.isFinite ? "\(value)" : "-1e300" }
}
