import Autograd
import Tensors

/// A convolution whose kernel each image adapts along every axis: a softmax over the experts, and sigmoids for the taps,
/// the input channels and the output channels, all of one hidden layer over the means of the channels and divided by a
/// temperature that falls from 30 to 1 while training begins (Li et al., ICLR 2022; as in the released code the factors
/// are shared by all experts). Parameters are those of that code: `weight`, `attention.fc`, `attention.bn` and
/// `attention.channel_fc`, `filter_fc`, `spatial_fc`, `kernel_fc`; a pointwise kernel has no `spatial_fc`, a depthwise one
/// no `filter_fc`, a single expert no `kernel_fc`.
public struct ODConv: Layer {
    /// [experts, outputs, kernel height, kernel width, inputs / groups].
    public let weight: Parameter
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// What the attention's scores are divided by.
    public let temperature: AnnealedValue
    private let shape: ConvolutionShape
    private let squeeze: Linear
    private let norm: BatchNorm
    private let heads: Heads

    private struct Heads {
        let channels: Linear
        let filters: Linear?
        let taps: Linear?
        let experts: Linear?
        var all: [Linear] { [channels, filters, taps, experts].compactMap { $0 } }
    }

    /// - Parameters:
    ///   - reduction: the hidden width as a share of the inputs, 16 at least.
    ///   - annealingEpochs: how long the temperature falls.
    public init(
        _ scope: Scope, _ shape: ConvolutionShape, experts: Int = 4, reduction: Double = 0.0625,
        annealingEpochs: Double = 10
    ) {
        path = scope.path
        self.shape = shape
        weight = scope.parameter(
            "weight", Shape([experts] + shape.weight.dimensions), layout: .experts, role: .weight,
            initializer: .kaimingNormalFanOut)
        let attention = scope["attention"]
        let hidden = max(Int(Double(shape.inputs) * reduction), 16)
        func head(_ name: String, _ outputs: Int) -> Linear {
            Linear(
                attention[name], inputs: hidden, outputs: outputs, layout: .pointwise,
                initializer: .kaimingNormalFanOut)
        }
        squeeze = Linear(
            attention["fc"], inputs: shape.inputs, outputs: hidden, bias: false, layout: .pointwise,
            initializer: .kaimingNormalFanOut)
        norm = BatchNorm(attention["bn"], channels: hidden)
        heads = Heads(
            channels: head("channel_fc", shape.inputs),
            filters: shape.isDepthwise ? nil : head("filter_fc", shape.outputs),
            taps: shape.taps == 1 ? nil : head("spatial_fc", shape.taps),
            experts: experts == 1 ? nil : head("kernel_fc", experts))
        temperature = AnnealedValue(attention, "temperature", first: 30, last: 1, epochs: annealingEpochs)
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        self(x, temperature: temperature(context), context)
    }

    /// The same at a given temperature.
    package func callAsFunction<S: Scalar>(
        _ x: Variable<S>, temperature: S, _ context: Context<S>
    ) -> Variable<S> {
        let means = LayerPath.$current.withValue(path) { x.globalAveragePooled() }
        let hidden = norm(relu: squeeze(means, context), context)
        func scores(_ head: Linear) -> Variable<S> {
            let raw = head(hidden, context)
            return LayerPath.$current.withValue(path) { raw.scaled(by: 1 / temperature) }
        }
        func factors(_ head: Linear?) -> Variable<S>? {
            guard let head else { return nil }
            let own = scores(head)
            return LayerPath.$current.withValue(path) { own.sigmoid() }
        }
        let raw = heads.experts.map { scores($0) }
        let (inputs, outputs, taps) = (factors(heads.channels), factors(heads.filters), factors(heads.taps))
        return LayerPath.$current.withValue(path) {
            let weights = raw?.softmax() ?? Variable<S>(Tensor([x.shape[0], 1], repeating: 1))
            return x.convolution(
                experts: context[weight], weights: weights, taps: taps, inputs: inputs, outputs: outputs,
                stride: shape.stride, padding: shape.padding, dilation: shape.dilation, groups: shape.groups)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result; mixing the kernel is counted.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let kind = "ODConv \(shape.words), \(weight.shape[0]) experts"
        return try trace.enter(ModelTrace.name(of: path), kind, parameters: [weight]) {
            let (output, work) = try shape.result(input, path: path)
            try trace.enter("attention", "weights of experts, taps and channels") {
                let hidden = try norm.trace(try squeeze.trace([input[0], input[3]], trace), trace)
                for head in heads.all { _ = try head.trace(hidden, trace) }
                return (hidden, 0)
            }
            return (output, work.addingWithinBounds(weight.shape.elementCount))
        }
    }
}
