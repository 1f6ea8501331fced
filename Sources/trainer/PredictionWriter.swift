import Checkpoints
import JSON
import Reporting
import Tensors

/// What the model says of one image.
struct Prediction {
    let image: String
    /// The most probable classes, the first first.
    let classes: [(name: String, probability: Double)]
    let probabilities: [Float]
    let logits: [Float]
}

/// Writes predictions as they come: a table, JSON, or comma-separated values.
final class PredictionWriter {
    enum Format {
        case table
        case json(logits: Bool)
        case csv(String)
    }

    private let console: Console
    private let format: Format
    private let table: StreamedTable
    private let file: AtomicFile.Stream?
    private var count = 0

    /// - Parameters:
    ///   - names: of the classes.
    ///   - images: of all images, for the width of the column.
    /// - Throws: when the file cannot be written.
    init(_ format: Format, names: [String], images: some Sequence<String>, console: Console) throws {
        self.format = format
        self.console = console
        func widest(_ names: some Sequence<String>) -> Int { names.reduce(0) { max($0, TextWidth.columns($1)) } }
        table = StreamedTable([
            .init("image", widest: min(60, widest(images))), .init("class", widest: min(60, widest(names))),
            .init("probability", isRight: true, widest: 7),
        ])
        let header = CSV.line(["image", "predicted", "probability"] + names.map { "p(\($0))" })
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

    func add(_ prediction: Prediction) throws {
        switch format {
        case .table:
            let rows = prediction.classes.enumerated().map { index, guess in
                table.row([
                    index == 0 ? prediction.image : "", guess.name, NumberText.percentage(guess.probability),
                ])
            }
            console.text(rows.joined())
        case .json(let logits):
            var members: [JSONValue.Member] = [
                .init("image", .string(prediction.image)),
                .init(
                    "classes",
                    .array(
                        prediction.classes.map { ["name": .string($0.name), "probability": .number($0.probability)] })),
            ]
            if logits { members.append(.init("logits", .array(prediction.logits.map { .number(Double($0)) }))) }
            addElement(.object(members))
        case .csv:
            let first = prediction.classes[0]
            let line = CSV.line(
                [prediction.image, first.name, CSV.number(Float(first.probability))]
                    + prediction.probabilities.map(CSV.number))
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
