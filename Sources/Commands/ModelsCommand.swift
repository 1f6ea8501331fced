import ArgumentParser
import Configuration
import JSON
import Models
import Reporting
import Tensors
import Training

struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Lists the models that model.name takes, with their size.",
        discussion: """
            Parameters and multiply-adds are those of the model as published, at the resolution that it is made for.

            EXAMPLES:
              trainer models
              trainer models tiny
              trainer models 'hornet_*_gf' --json
            """)

    @Argument(help: "A part of the names, or a pattern in which * stands for any characters and ? for one.")
    var pattern: String?

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func run() throws {
        let models = try ModelListing.all(matching: pattern)
        let console = Console()
        if json {
            let values = models.map { model -> JSONValue in
                [
                    "name": .string(model.name), "family": .string(model.family), "height": .integer(model.side),
                    "width": .integer(model.side), "channels": .integer(model.channels),
                    "classes": .integer(model.classes), "parameters": .integer(model.parameters),
                    "multiplyAdds": .integer(model.multiplyAdds),
                ]
            }
            console.text(JSONValue.array(values).text(pretty: true))
            return
        }
        console.text(
            Table(
                columns: [Table.Column("model", .left), "input", "classes", "parameters", "multiply-adds"],
                rows: models.map {
                    [
                        $0.name, "\($0.side)x\($0.side)", NumberText.grouped($0.classes),
                        NumberText.grouped($0.parameters), NumberText.grouped($0.multiplyAdds),
                    ]
                }
            ).render())
    }
}
