import Checkpoints
import JSON
import Reporting
import Tasks
import Tensors

/// Writes predictions as they come: a table, JSON, or comma-separated values.
final class PredictionWriter {
    enum Format {
        case table
        case json
        case csv(String)
    }

    private let console: Console
    private let format: Format
    private let table: StreamedTable
    private let file: AtomicFile.Stream?
    private var count = 0

    /// - Parameters:
    ///   - columns: of the task.
    ///   - images: of all images, for the width of the column.
    /// - Throws: when the file cannot be written.
    init(
        _ format: Format, _ columns: PredictionColumns, images: some Sequence<String>, console: Console
    ) throws {
        self.format = format
        self.console = console
        let widest = images.reduce(0) { max($0, TextWidth.columns($1)) }
        table = StreamedTable([.init("image", widest: min(60, widest))] + columns.table)
        let header = CSV.line(["image"] + columns.fields)
        switch format {
        case .table:
            file = nil
            console.text(table.head)
        case .json:
            file = nil
            console.text("[")
        case .csv("-"):
            file = nil
            console.text(header)
        case .csv(let path):
            file = try AtomicFile.Stream(path)
            try file?.write(header)
        }
    }

    /// - Parameter files: those that were written of it.
    func add(_ prediction: Prediction, files: [String] = []) throws {
        switch format {
        case .table:
            let rows = prediction.rows.enumerated().map { index, cells in
                table.row([index == 0 ? prediction.image : ""] + cells)
            }
            console.text(rows.joined())
        case .json:
            let written: [JSONValue.Member] =
                files.isEmpty ? [] : [.init("files", .array(files.map { .string($0) }))]
            addElement(.object([.init("image", .string(prediction.image))] + prediction.members + written))
        case .csv:
            let line = CSV.line([prediction.image] + prediction.fields)
            if let file { try file.write(line) } else { console.text(line) }
        }
        count += 1
    }

    /// An image that there is no prediction for.
    func add(failure reason: String, image: String) {
        console.error(reason)
        if case .json = format { addElement(["image": .string(image), "error": .string(reason)]) }
    }

    private var hasElement = false

    private func addElement(_ value: JSONValue) {
        let lines = value.text(pretty: true).split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        // The comma comes with the next one, since only then it is known that there is one.
        console.text((hasElement ? ",\n" : "") + lines, endsLine: false)
        hasElement = true
    }

    func finish() throws {
        switch format {
        case .table: break
        case .json: console.text((hasElement ? "\n" : "") + "]")
        case .csv(let path):
            guard let file else { return }
            try file.finish()
            console.line("written to \(path): \(count == 1 ? "one image" : "\(count) images")")
        }
    }
}
