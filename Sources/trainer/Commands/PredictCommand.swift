import ArgumentParser
import Autograd
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
            """)

    @Argument(help: "The weights, a safetensors file that trainer wrote.", completion: .weights)
    var weights: String

    @Argument(help: "JPEG or PNG files.", completion: .file(extensions: ["jpg", "jpeg", "png"]))
    var images: [String]

    @Option(help: "How many classes to show per image.")
    var top = 5

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        if top < 1 { throw ValidationError("--top is \(top), expected at least 1") }
        if images.isEmpty { throw ValidationError("no image is given, expected at least one JPEG or PNG file") }
    }

    func run() throws {
        let weights = try Weights.read(self.weights)
        let plan = weights.metadata.transform
        let transform = try Transform(plan, mode: .evaluation)
        let names = weights.metadata.classNames
        var found: [(image: String, classes: [(name: String, probability: Double)])] = []
        for path in images {
            let pixels = transform(try Image(contentsOf: path))
            let input = Tensor<Float>([1, plan.height, plan.width, plan.channels], pixels)
            let logits = weights.model(Variable(input), .evaluation(weights.store)).logits
            let probabilities = logits.softmax().value.array
            let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
            found.append((path, order.prefix(top).map { (names[$0], Double(probabilities[$0])) }))
        }
        let console = Console()
        if json {
            let value = JSONValue.array(
                found.map { entry in
                    [
                        "image": .string(entry.image),
                        "classes": .array(
                            entry.classes.map { ["name": .string($0.name), "probability": .number($0.probability)] }),
                    ]
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
}
