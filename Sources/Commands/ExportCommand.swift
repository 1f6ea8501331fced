import ArgumentParser
import Checkpoints
import Exporting
import JSON
import Models
import Reporting
import Tasks
import Tensors
import Training

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes weights for other programs: as an ONNX model, or under other names.",
        discussion: """
            Takes a weights file or a run folder (its best weights, else its last). A configuration or the name of a \
            model stands for that model's first values, a mould for weights from elsewhere.

            The ONNX model takes `images` [batch, channels, height, width], normalised, and gives `logits`. A weights \
            file has PyTorch's names: those of the official HorNet and CvT code, of timm (ConvNeXt) and of torchvision \
            (ResNet).

            EXAMPLES:
              trainer export Runs/digits --onnx digits.onnx
              trainer export Runs/digits/weights/last.safetensors --onnx last.onnx --json
              trainer export Runs/digits --safetensors d.safetensors --mmpretrain
              trainer export hornet_tiny_gf --safetensors mould.safetensors
            """)

    @Argument(
        help: ArgumentHelp("Weights, a run folder, a configuration or a model's name.", valueName: "weights"))
    var source: String

    @Option(help: ArgumentHelp("Write an ONNX model.", valueName: "file"))
    var onnx: String?

    @Option(help: ArgumentHelp("Write the weights as safetensors.", valueName: "file"))
    var safetensors: String?

    @Flag(help: "PyTorch's names in the safetensors file; so it is without this, too.")
    var torchNames = false

    @Flag(help: "mmpretrain's spelling of the names in the safetensors file (HorNet).")
    var mmpretrain = false

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value of a configuration; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Print JSON instead of a line per file.")
    var json = false

    func validate() throws {
        if onnx == nil, safetensors == nil {
            throw ValidationError("there is nothing to write, expected --onnx FILE or --safetensors FILE")
        }
        if safetensors == nil, torchNames || mmpretrain {
            throw ValidationError(
                "\(mmpretrain ? "--mmpretrain" : "--torch-names") is about names in a weights file, expected "
                    + "--safetensors FILE with it")
        }
        if let onnx, onnx == safetensors {
            throw ValidationError("--onnx and --safetensors name the same file, \(onnx)")
        }
    }

    func run() throws {
        let console = Console()
        let (path, weights) = try resolve(console)
        if json {
            console.text(try export(weights, source: path) { _ in }.text(pretty: true))
        } else {
            _ = try export(weights, source: path) { console.line($0) }
        }
    }

    /// Writes what is asked for.
    private func export(_ weights: Weights, source: String, _ line: (String) -> Void) throws -> JSONValue {
        var members: [JSONValue.Member] = [.init("source", .string(source))]
        // Both are made before either is written, so that a mistake leaves nothing half done.
        let model = try onnx.map { path in (path, try graph(weights)) }
        let specification = weights.metadata.specification
        let file = try safetensors.map { path in
            (path, try weights.file { mmpretrain ? try specification.mmpretrainName($0) : $0 })
        }
        if let (path, model) = model {
            try AtomicFile.write(path, pieces: model.pieces)
            let size = model.input.shape.map(String.init).joined(separator: ", ")
            let outputs = model.outputs.map {
                "\($0.name) [batch, \($0.shape.map(String.init).joined(separator: ", "))]"
            }.joined(separator: ", ")
            line(
                "written to \(path): ONNX, \(model.nodeCount) operators of set \(ONNXModel.operatorSet), "
                    + "images [batch, \(size)] to " + outputs)
            members.append(.init("onnx", encode(model, path)))
        }
        if let (path, file) = file {
            try file.write(path: path)
            line(
                "written to \(path): \(file.tensors.count) tensors under \(mmpretrain ? "mmpretrain's" : "PyTorch's") names"
            )
            members.append(
                .init(
                    "safetensors",
                    [
                        "path": .string(path), "tensors": .integer(file.tensors.count),
                        "names": .string(mmpretrain ? "mmpretrain" : "torch"),
                    ]))
        }
        return .object(members)
    }

    private func graph(_ weights: Weights) throws -> ONNXModel {
        let transform = weights.metadata.transform
        return try ONNXModel(
            weights.metadata.specification, height: transform.height, width: transform.width,
            tensors: weights.store.stateDictionary(),
            description: "images: \(transform.evaluationDescription)",
            metadata: try weights.metadata.encoded())
    }

    private func encode(_ model: ONNXModel, _ path: String) -> JSONValue {
        func value(_ value: GraphValue) -> JSONValue {
            [
                "name": .string(value.name),
                "shape": .array([.string("batch")] + value.shape.map(JSONValue.integer)),
            ]
        }
        return [
            "path": .string(path), "operatorSet": .integer(ONNXModel.operatorSet), "nodes": .integer(model.nodeCount),
            "bytes": .integer(model.byteCount), "input": value(model.input), "output": value(model.outputs[0]),
        ]
    }

    /// The weights, from wherever they come.
    private func resolve(_ console: Console) throws -> (path: String, weights: Weights) {
        func fresh(_ outline: ModelOutline) throws -> (String, Weights) {
            if !json {
                for notice in outline.notices { console.notice(notice) }
                console.notice("\(source) has no weights, the model's first values are written.")
            }
            return (source, try Weights(fresh: outline))
        }
        if let outline = ModelOutline(name: source) { return try fresh(outline) }
        if source.hasSuffix(".yaml") || source.hasSuffix(".yml") {
            return try fresh(try Recipe.load(source, overrides: overrides).outline)
        }
        try checkIsNoModelName(source)
        return try Weights.find(source)
    }
}
