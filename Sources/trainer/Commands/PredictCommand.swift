import ArgumentParser
import Autograd
import Checkpoints
import Datasets
import Layers
import Reporting
import Tensors
import Training

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Names the classes of images.",
        discussion: """
            EXAMPLES:
              trainer predict Runs/digits/weights/best.safetensors a.png b.jpg
              trainer predict weights.safetensors photo.jpg --top 3 --json
              trainer predict weights.safetensors --prepared batch.safetensors --logits --json
            """)

    @Argument(help: "A weights file that trainer wrote, or a run folder (its best weights).", completion: .weights)
    var weights: String

    @Argument(help: "JPEG or PNG files.", completion: .file(extensions: ["jpg", "jpeg", "png"]))
    var images: [String] = []

    @Option(
        help: ArgumentHelp(
            "A safetensors file whose tensor `images` [N, channels, height, width] is taken as it is, normalised already.",
            valueName: "file"), completion: .weights)
    var prepared: String?

    @Option(help: "How many classes to show per image.")
    var top = 5

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Flag(help: "Also give the model's raw outputs, in JSON.")
    var logits = false

    func validate() throws {
        if top < 1 { throw ValidationError("--top is \(top), expected at least 1") }
        if images.isEmpty, prepared == nil {
            throw ValidationError("no image is given, expected at least one JPEG or PNG file")
        }
        if logits, !json { throw ValidationError("--logits is part of the JSON output, expected --json with it") }
    }

    func run() throws {
        let weights = try Weights.find(self.weights).weights
        let plan = weights.metadata.transform
        let transform = try Transform(plan, mode: .evaluation)
        let names = weights.metadata.classNames
        var found: [Prediction] = []
        func predict(_ images: [String], _ input: Tensor<Float>) throws {
            let logits = weights.model(Variable(input), .evaluation(weights.store)).logits
            let probabilities = logits.softmax().value.array
            let values = logits.value.array
            for (row, image) in images.enumerated() {
                let range = row * names.count..<(row + 1) * names.count
                try Logits.check(values[range], image: image)
                let order = range.sorted { probabilities[$0] > probabilities[$1] }
                found.append(
                    Prediction(
                        image: image,
                        classes: order.prefix(top).map { (names[$0 - range.lowerBound], Double(probabilities[$0])) },
                        logits: Array(values[range])))
            }
        }
        for path in images {
            let pixels = transform(try Image(contentsOf: path))
            try predict([path], Tensor<Float>([1, plan.height, plan.width, plan.channels], pixels))
        }
        if let prepared {
            let batch = try preparedImages(prepared, plan)
            try predict((0..<batch.shape[0]).map { "\(prepared)[\($0)]" }, batch)
        }
        let console = Console()
        if json {
            let value = JSONValue.array(
                found.map { entry in
                    var members: [JSONValue.Member] = [
                        .init("image", .string(entry.image)),
                        .init(
                            "classes",
                            .array(
                                entry.classes.map {
                                    ["name": .string($0.name), "probability": .number($0.probability)]
                                })),
                    ]
                    if logits { members.append(.init("logits", .array(entry.logits.map { .number(Double($0)) }))) }
                    return .object(members)
                })
            console.text(value.text(pretty: true))
        } else {
            let rows = found.flatMap { entry in
                entry.classes.enumerated().map { i, guess in
                    [i == 0 ? entry.image : "", guess.name, NumberText.percentage(guess.probability)]
                }
            }
            console.text(Table(columns: ["image", "class", "probability"], rows: rows).render())
        }
    }

    private struct Prediction {
        let image: String
        let classes: [(name: String, probability: Double)]
        let logits: [Float]
    }

    /// The batch of a file, brought to our order [N, H, W, C].
    private func preparedImages(_ path: String, _ plan: TransformPlan) throws -> Tensor<Float> {
        let wanted = "[images, \(plan.channels), \(plan.height), \(plan.width)]"
        guard let images = try SafetensorsFile.read(path: path)["images"] else {
            throw CheckpointError(path, "the file has no tensor `images`, expected one of \(wanted)")
        }
        guard images.shape.count == 4, images.shape[0] > 0,
            Array(images.shape.dropFirst()) == [plan.channels, plan.height, plan.width]
        else { throw CheckpointError(path, "the tensor `images` is \(Shape(images.shape)), expected \(wanted)") }
        return Tensor(Shape(images.shape), try images.floats()).transposed([0, 2, 3, 1])
    }
}
