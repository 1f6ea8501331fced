import JSON

/// What a task has to tell of a part of the data beside images and classes: a table.
public struct DataDetails: Sendable {
    /// The titles of the columns.
    public let columns: [String]
    /// Which columns hold numbers.
    public let numbers: Set<Int>
    /// A text for each column.
    public let rows: [[String]]
    /// The same for programs.
    public let json: JSONValue

    /// - Parameters:
    ///   - columns: their titles.
    ///   - numbers: which columns hold numbers.
    ///   - rows: a text for each column.
    ///   - json: the same for programs.
    public init(columns: [String], numbers: Set<Int>, rows: [[String]], json: JSONValue) {
        (self.columns, self.numbers, self.rows, self.json) = (columns, numbers, rows, json)
    }
}
