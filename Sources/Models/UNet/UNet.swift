import Autograd
import Layers
import Tensors

/// The encoder of a U-Net; parameter names and shapes are those of the PyTorch code that most use (milesial's).
package struct UNet: Backbone {
    package let specification: UNetSpecification

    private let entry: DoubleConvolution
    private let stages: [DoubleConvolution]

    init(_ scope: Scope, _ specification: UNetSpecification) {
        self.specification = specification
        let widths = specification.widths
        entry = DoubleConvolution(scope["inc"], inputs: specification.inputChannels, outputs: widths[0])
        stages = widths.indices.dropFirst().map { level in
            DoubleConvolution(
                scope["down\(level)"]["maxpool_conv"][1], inputs: widths[level - 1], outputs: widths[level])
        }
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        var maps = [entry(images, context)]
        for stage in stages {
            maps.append(
                context.checkpointed(maps[maps.count - 1], at: stage.path) { x, context in
                    let halved = LayerPath.$current.withValue(stage.path) { x.maxPooled(kernel: 2, stride: 2) }
                    return stage(halved, context)
                })
        }
        return Features(maps: maps)
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shapes = [try trace.enter("inc", "double convolution") { (try entry.trace(image, trace), 0) }]
        for (index, stage) in stages.enumerated() {
            let map = shapes[shapes.count - 1]
            shapes.append(
                try trace.enter("down\(index + 1)", "max pool 2x2 / 2 and double convolution") {
                    (try stage.trace([map[0], map[1] / 2, map[2] / 2, map.columns], trace), 0)
                })
        }
        return shapes
    }
}

/// Two 3x3 convolutions, each with batch norm and relu.
struct DoubleConvolution: Layer {
    let blocks: [ConvolutionBlock]
    let path: String

    /// - Parameter middle: channels between the two, the outputs when absent.
    init(_ scope: Scope, inputs: Int, outputs: Int, middle: Int? = nil) {
        path = scope.path
        let middle = middle ?? outputs
        // Places 2 and 5 of the list in files are the relus.
        blocks = [(0, inputs, middle), (3, middle, outputs)].map { place, inputs, outputs in
            ConvolutionBlock(
                scope["double_conv"], convolution: "\(place)", norm: "\(place + 1)", inputs: inputs, outputs: outputs,
                kernel: 3, padding: 1)
        }
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        blocks.reduce(x) { $1($0, context) }
    }

    /// The same of maps that lie beside each other over the channels.
    func callAsFunction<S: Scalar>(joining parts: [Variable<S>], _ context: Context<S>) -> Variable<S> {
        blocks.dropFirst().reduce(blocks[0](joining: parts, context)) { $1($0, context) }
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try blocks.reduce(input) { try $1.trace($0, trace) }
    }
}
