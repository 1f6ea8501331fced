import Autograd
import Configuration
import Layers
import Models
import Tensors

/// A family: stages of depthwise residual blocks, each behind a convolution that halves the map.
struct PlainSpecification: BackboneSpecification {
    static let name = "plain"
    static let title = "PlainNet"
    static let free = PlainSpecification(widths: [32, 64, 128], depths: [1, 1, 1])
    static let variants = [
        ModelVariant("plain_nano32", PlainSpecification(widths: [16, 32], depths: [1, 2], classes: 10), imageSize: 32)
    ]

    var widths: [Int]
    var depths: [Int]
    var classes: Int
    var inputChannels = 3

    init(widths: [Int], depths: [Int], classes: Int = 1000) {
        (self.widths, self.depths, self.classes) = (widths, depths, classes)
    }

    init(reading reader: ConfigurationReader, from start: PlainSpecification) {
        self = start
        widths = reader.ints("widths", default: widths, in: 1...4096, "Channels per stage")
        depths = reader.ints("depths", default: depths, in: 1...256, "Blocks per stage")
        reader.report(validate)
    }

    func validate() throws {
        // A file may say what a configuration cannot.
        guard (1...8).contains(depths.count), depths.count == widths.count,
            depths.allSatisfy((1...256).contains), widths.allSatisfy((1...4096).contains)
        else { throw ModelError("model.depths is \(depths), expected one number for each of the widths \(widths)") }
    }

    /// How an entry's convolution meets its map.
    static let entry = Window(kernel: 3, stride: 2, padding: 1)

    func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try validate()
        var size = Pair(height, width)
        return widths.enumerated().map { stage, channels in
            size = Self.entry.outputSize(size)
            return FeatureTap(
                name: "stage\(stage)", stride: 2 << stage, channels: channels, height: size.height, width: size.width)
        }
    }

    func makeBackbone(_ scope: Scope) -> any Backbone { PlainNet(scope, self) }

    var classifier: ClassificationHead.Form { ClassificationHead.Form(norm: "norm") }

    /// For layer-wise learning rates: names are `stages.1.entry.weight` and `stages.1.blocks.0.norm.bias`.
    func part(of name: String) -> BackbonePart? {
        let words = name.split(separator: ".")
        guard words.count > 3, words[0] == "stages", let stage = Int(words[1]) else { return nil }
        guard let index = Int(words[3]) else { return stage == 0 ? .stem : .entry(stage: stage) }
        return .block(stage: stage, index: index)
    }
}

struct PlainNet: Backbone {
    let specification: PlainSpecification
    let entries: [Convolution]
    let blocks: [[PlainBlock]]

    init(_ scope: Scope, _ specification: PlainSpecification) {
        self.specification = specification
        let window = PlainSpecification.entry
        let inputs = [specification.inputChannels] + specification.widths
        entries = specification.widths.enumerated().map { stage, channels in
            Convolution(
                scope["stages"][stage]["entry"], inputs: inputs[stage], outputs: channels, kernel: window.kernel,
                stride: window.stride, padding: window.padding, initializer: .kaimingNormalFanOut)
        }
        blocks = specification.widths.enumerated().map { stage, channels in
            (0..<specification.depths[stage]).map { index in
                PlainBlock(scope["stages"][stage]["blocks"][index], channels: channels)
            }
        }
    }

    func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        var x = images
        let maps = entries.indices.map { stage in
            x = entries[stage](x, context)
            for block in blocks[stage] { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            return x
        }
        return Features(maps: maps)
    }

    func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shape = image
        return try entries.indices.map { stage in
            try trace.enter("stages.\(stage)", "stage") {
                shape = try entries[stage].trace(shape, trace)
                for block in blocks[stage] { shape = try block.trace(shape, trace) }
                return (shape, 0)
            }
        }
    }
}

/// x + gelu(norm(depthwise 3x3(x))).
struct PlainBlock: Layer {
    let mixer: DepthwiseConvolution
    let norm: LayerNorm
    let sum: ResidualSum
    let path: String

    init(_ scope: Scope, channels: Int) {
        path = scope.path
        mixer = DepthwiseConvolution(scope["mixer"], channels: channels, kernel: 3, initializer: .uniformFanIn)
        norm = LayerNorm(scope["norm"], channels: channels)
        sum = ResidualSum(scope.path)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        sum(x, norm(mixer(x, context), context).gelu(), context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "plain block") {
            (try norm.trace(try mixer.trace(input, trace), trace), 0)
        }
    }
}
