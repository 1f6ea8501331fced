import ArgumentParser
import Checkpoints
import Detection
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

            The ONNX model takes `images` [batch, channels, height, width], normalised, and gives `logits`, or the objects \
            that a detector finds, by the limits that go with its weights. --with-preprocessing gives a classifier's model \
            bytes of any size and takes probabilities; --weights makes it smaller, and with int8 faster, and says what it \
            loses on the validation images. A weights file has PyTorch's names: those of \
            the official HorNet and CvT code, of timm (ConvNeXt) and of torchvision (ResNet); --names has those of a \
            detector in another library.

            EXAMPLES:
              trainer export Runs/digits --onnx digits.onnx
              trainer export Runs/digits/weights/last.safetensors --onnx last.onnx --json
              trainer export Runs/photos --onnx photos.onnx --with-preprocessing
              trainer export Runs/photos --onnx photos.onnx --weights int8
              trainer export Runs/digits --safetensors d.safetensors --mmpretrain
              trainer export Runs/cells --safetensors cells.safetensors --names torchvision
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
        help: ArgumentHelp(
            "A detector's names in the safetensors file: torchvision or mmdetection.", valueName: "library"),
        completion: .list(DetectorStyle.allCases.map(\.rawValue)))
    var names: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value of a configuration; may be repeated.", valueName: "key=value"),
        completion: .settings)
    var overrides: [String] = []

    @OptionGroup var graph: GraphChoice

    @Flag(help: "Print JSON instead of a line per file.")
    var json = false

    func validate() throws {
        try graph.check(onnx: onnx != nil)
        if onnx == nil, safetensors == nil {
            throw ValidationError("there is nothing to write, expected --onnx FILE or --safetensors FILE")
        }
        let aboutNames = [("--mmpretrain", mmpretrain), ("--names", names != nil), ("--torch-names", torchNames)]
            .filter(\.1).map(\.0)
        if safetensors == nil, let option = aboutNames.first {
            throw ValidationError(
                "\(option) is about names in a weights file, expected --safetensors FILE with it")
        }
        if let names {
            guard DetectorStyle(rawValue: names) != nil else {
                throw ValidationError("--names is \(names), expected torchvision or mmdetection")
            }
            if aboutNames.count > 1 {
                throw ValidationError(
                    "--names and \(aboutNames.first { $0 != "--names" } ?? "") are both given, expected one of them")
            }
        }
        if let onnx, onnx == safetensors {
            throw ValidationError("--onnx and --safetensors name the same file, \(onnx)")
        }
    }

    func run() throws {
        let console = Console()
        let source = try resolve(console)
        if json {
            console.text(try export(source, console) { _ in }.text(pretty: true))
        } else {
            _ = try export(source, console) { console.line($0) }
        }
    }

    /// Writes what is asked for.
    private func export(_ source: Source, _ console: Console, _ line: (String) -> Void) throws -> JSONValue {
        var members: [JSONValue.Member] = [.init("source", .string(source.path))]
        // Both are made before either is written, so that a mistake leaves nothing half done.
        let model = try onnx.map { path in (path, try graph(source, console)) }
        let specification = source.weights.metadata.specification
        let library = names.flatMap { DetectorStyle(rawValue: $0) }
        let file = try safetensors.map { path in
            let file = try source.weights.file { name in
                if let library { return try specification.detectorName(name, style: library) }
                return mmpretrain ? try specification.mmpretrainName(name) : name
            }
            return (path, file)
        }
        if let (path, (model, loss)) = model {
            try AtomicFile.write(path, pieces: model.pieces)
            let size = model.input.extents.joined(separator: ", ")
            let outputs = model.outputs.map {
                "\($0.name) [batch, \($0.shape.map(String.init).joined(separator: ", "))]"
            }.joined(separator: ", ")
            line(
                "written to \(path): ONNX, \(model.nodeCount) operators of set \(ONNXModel.operatorSet), "
                    + "\(model.input.name) [\(size)] to " + outputs)
            if let loss {
                let (layers, others) = (model.quantized.layers.count, model.quantized.others.count)
                line("\(layers) of \(layers + others) layers with weights run in bytes; " + loss.text)
            }
            members.append(.init("onnx", encode(model, path, loss)))
        }
        if let (path, file) = file {
            try file.write(path: path)
            line(
                "written to \(path): \(file.tensors.count) tensors under \(names ?? (mmpretrain ? "mmpretrain" : "PyTorch"))'s names"
            )
            members.append(
                .init(
                    "safetensors",
                    [
                        "path": .string(path), "tensors": .integer(file.tensors.count),
                        "names": .string(names ?? (mmpretrain ? "mmpretrain" : "torch")),
                    ]))
        }
        return .object(members)
    }

    private func graph(_ source: Source, _ console: Console) throws -> (ONNXModel, EightBitLoss?) {
        guard graph.weights == .int8 else { return (try model(source), nil) }
        guard source.hasWeights else {
            throw ValidationError("\(source.path) has no weights that were trained, expected some with --weights int8")
        }
        let recipe = try measuredRecipe(self.source, data: graph.data, overrides, console)
        if let notice = ThreadPool.use(recipe.training) { console.notice(notice) }
        return try quantized(source, recipe, try recipe.checkedTask(for: source.weights, source.path), console)
    }

    private func quantized<C: TaskConfiguration>(
        _ source: Source, _ recipe: Recipe, _ configuration: C, _ console: Console
    ) throws -> (ONNXModel, EightBitLoss?) {
        let trial = try EightBitTrial(source.weights, source.path, recipe, configuration, console)
        let ranges = try trial.ranges().0
        let model = try model(source, ranges: ranges)
        return (model, try trial.measure(model.quantized, ranges))
    }

    private func model(_ source: Source, ranges: ActivationRanges? = nil) throws -> ONNXModel {
        let (metadata, limits) = (source.weights.metadata, try source.limits ?? DetectionLimits())
        return try ONNXModel(
            metadata.specification, height: metadata.transform.height, width: metadata.transform.width,
            tensors: source.weights.store.stateDictionary(),
            description: "images: \(metadata.transform.evaluationDescription)", metadata: try metadata.encoded(),
            objects: ObjectLimits(
                score: limits.score, perLevel: limits.perLevel, overlap: limits.overlap, most: limits.most),
            preparation: try graph.preparation(metadata, source.path),
            temperature: metadata.vocabulary.settings["temperature"]?.doubleValue ?? 1, weights: graph.weights,
            ranges: ranges)
    }

    private func encode(_ model: ONNXModel, _ path: String, _ loss: EightBitLoss?) -> JSONValue {
        func value(_ value: GraphValue) -> JSONValue {
            [
                "name": .string(value.name),
                "shape": .array(value.extents.map { extent in Int(extent).map { .integer($0) } ?? .string(extent) }),
            ]
        }
        var json: JSONValue = [
            "path": .string(path), "operatorSet": .integer(ONNXModel.operatorSet), "nodes": .integer(model.nodeCount),
            "bytes": .integer(model.byteCount), "input": value(model.input), "output": value(model.outputs[0]),
            "outputs": .array(model.outputs.map { value($0) }),
        ]
        if graph.weights != .fp32 { json["weights"] = .string(graph.weights.rawValue) }
        if let loss {
            json["quantizedLayers"] = .integer(model.quantized.layers.count)
            json["otherLayers"] = .array(model.quantized.others.map { .string($0) })
            json["measured"] = loss.json
        }
        return json
    }

    /// The weights, from wherever they come.
    private struct Source {
        let path: String
        let weights: Weights
        /// Whether they are more than first values.
        var hasWeights = true

        /// Which candidates are objects; nil where nothing says so.
        var limits: DetectionLimits? {
            get throws {
                let vocabulary = weights.metadata.vocabulary
                guard weights.metadata.specification.head is any DetectorHeadSpecification,
                    vocabulary.settings != .null
                else { return nil }
                return try DetectionSettings(vocabulary.settings, classes: vocabulary.classNames.count).limits
            }
        }
    }

    private func resolve(_ console: Console) throws -> Source {
        func fresh(_ outline: ModelOutline, _ weights: Weights) -> Source {
            if !json {
                for notice in outline.notices { console.notice(notice) }
                console.notice("\(source) has no weights, the model's first values are written.")
            }
            return Source(path: source, weights: weights, hasWeights: false)
        }
        if let outline = ModelOutline(name: source) { return fresh(outline, try Weights(fresh: outline)) }
        if source.hasSuffix(".yaml") || source.hasSuffix(".yml") {
            let recipe = try Recipe.load(source, overrides: overrides)
            return fresh(recipe.outline, try Weights(fresh: recipe))
        }
        try checkIsNoModelName(source)
        let found = try Weights.find(source)
        return Source(path: found.path, weights: found.weights)
    }
}
