import ArgumentParser
import Checkpoints
import JSON
import Layers
import Models
import Reporting
import Tasks
import Tensors
import Training

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows a model as a tree with shapes, parameters and multiply-adds; never touches the data.",
        discussion: """
            Takes a configuration, a weights file, a run folder (its best weights) or the name of a model.

            EXAMPLES:
              trainer inspect Configs/digits.yaml
              trainer inspect hornet_tiny_gf
              trainer inspect convnext_tiny --taps
              trainer inspect Runs/digits --depth 2
            """)

    @Argument(
        help: ArgumentHelp(
            "A configuration, a weights file, a run folder or a model's name.", valueName: "config|weights|run|name"),
        completion: .file(extensions: ["yaml", "yml", "safetensors"]))
    var source: String

    @OptionGroup var overrides: Overrides

    @Option(parsing: .unconditional, help: "How many levels of the tree to show, 0 for the model alone.")
    var depth = 8

    @Flag(help: "Print JSON instead of a tree.")
    var json = false

    @Flag(help: "Show the feature taps instead of the layers.")
    var taps = false

    func validate() throws {
        try check("--depth", depth, in: 0...Int.max)
    }

    func run() throws {
        let outline = try resolve()
        let (specification, height, width) = (outline.specification, outline.height, outline.width)
        let model = try specification.makeModel(height: height, width: width)
        var root = try model.trace(height: height, width: width)
        root.output = [1, height, width, specification.inputChannels]
        let console = Console()
        for notice in outline.notices { console.notice(notice) }
        if taps {
            showTaps(try model.taps(height: height, width: width), console)
            return
        }
        if json {
            console.text(encode(root).text(pretty: true))
            return
        }
        var rows: [[String]] = []
        collect(root, 0, "", &rows)
        console.text(
            Table(
                columns: [
                    Table.Column("layer", .left), Table.Column("kind", .left), Table.Column("output", .left),
                    Table.Column("parameters", .right), Table.Column("multiply-adds", .right),
                ], rows: rows
            ).render())
        console.text(
            """
            input          \(height)x\(width), \(specification.inputChannels) \(specification.inputChannels == 1 ? "channel" : "channels")
            parameters     \(NumberText.grouped(model.parameters.parameterCount))
            multiply-adds  \(NumberText.grouped(root.multiplyAdds)) per image (gates, norms and FFTs not counted)
            """)
    }

    private func showTaps(_ taps: [FeatureTap], _ console: Console) {
        if json {
            let values: [JSONValue] = taps.map { tap in
                [
                    "name": .string(tap.name), "stride": .integer(tap.stride), "channels": .integer(tap.channels),
                    "height": .integer(tap.height), "width": .integer(tap.width),
                ]
            }
            console.text(JSONValue.array(values).text(pretty: true))
            return
        }
        console.text(
            Table(
                columns: [
                    Table.Column("tap", .left), Table.Column("stride", .right), Table.Column("channels", .right),
                    Table.Column("map", .right),
                ], rows: taps.map { [$0.name, "\($0.stride)", "\($0.channels)", "\($0.height)x\($0.width)"] }
            ).render())
    }

    /// The model and its input size, without opening any data.
    private func resolve() throws -> ModelOutline {
        if let outline = ModelOutline(name: source) { return outline }
        // A run that has no weights yet is known by its configuration.
        if RunFolder.isFolder(source), let file = try? Weights.file(at: source) {
            return ModelOutline(try WeightsMetadata.read(file))
        }
        // Other programs' weights are named for what they are, and not taken for configurations.
        let endings = ["safetensors", "pth", "pt", "bin", "ckpt", "onnx", "h5", "keras", "npz", "gguf", "pb", "pkl"]
        if endings.contains(where: { source.lowercased().hasSuffix("." + $0) }) {
            return ModelOutline(try WeightsMetadata.read(source))
        }
        try checkIsNoModelName(source)
        return try openRecipe(source, overrides.values, Console()).outline
    }

    private func collect(_ node: ModelTrace.Node, _ level: Int, _ prefix: String, _ rows: inout [[String]]) {
        rows.append([
            prefix + node.name, node.kind, node.output.description,
            node.parameters > 0 ? NumberText.grouped(node.parameters) : "-",
            node.multiplyAdds > 0 ? NumberText.grouped(node.multiplyAdds) : "-",
        ])
        guard level < depth else { return }
        for child in node.children { collect(child, level + 1, prefix + "  ", &rows) }
    }

    private func encode(_ node: ModelTrace.Node) -> JSONValue {
        [
            "name": .string(node.name), "kind": .string(node.kind),
            "output": .array(node.output.dimensions.map { .integer($0) }), "parameters": .integer(node.parameters),
            "multiplyAdds": .integer(node.multiplyAdds), "parts": .array(node.children.map(encode)),
        ]
    }
}
