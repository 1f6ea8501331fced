import Autograd
import Detection
import Layers
import Tensors

/// What looks at a region's box: convolutions where there are any, linear layers with relu, and two answers.
struct RegionBoxLayers: Sendable {
    /// Of the maps that are cut out.
    static let side = 7
    private let path: String
    private let convolutions: [ConvolutionBlock]
    private let flattening: FlatteningLinear
    private let linear: [Linear]
    private let scores: Linear
    private let deltas: Linear

    init(_ scope: Scope, _ specification: RegionHeadSpecification, inputs: Int) {
        path = scope.path
        let isTorchvision = specification.style == .torchvision
        let width = specification.box.width
        // torchvision leaves linear layers as PyTorch draws them.
        func bias(_ fanIn: Int) -> Initializer {
            isTorchvision ? .uniform(bound: 1 / Double(fanIn).squareRoot()) : .constant(0)
        }
        func output(_ name: String, _ outputs: Int, deviation: Double) -> Linear {
            Linear(
                scope[name], inputs: width, outputs: outputs,
                initializer: isTorchvision ? .uniformFanIn : .normal(deviation: deviation),
                biasInitializer: bias(width))
        }
        convolutions = (0..<specification.box.convolutions).map {
            ConvolutionBlock(
                scope["shared_convs"][$0], convolution: "conv", norm: "bn", inputs: inputs, outputs: inputs, kernel: 3,
                padding: 1, initializer: .kaimingNormalFanOut)
        }
        let inner: Initializer = isTorchvision ? .uniformFanIn : .xavierUniform
        flattening = FlatteningLinear(
            scope["shared_fcs"][0], side: Self.side, channels: inputs, outputs: width, initializer: inner,
            biasInitializer: bias(inputs * Self.side * Self.side))
        linear = (1..<max(1, specification.box.linear)).map {
            Linear(
                scope["shared_fcs"][$0], inputs: width, outputs: width, initializer: inner,
                biasInitializer: bias(width))
        }
        scores = output("fc_cls", specification.scoreColumns, deviation: 0.01)
        deltas = output("fc_reg", specification.boxColumns, deviation: 0.001)
    }

    /// The scores [R, K + 1] and deltas [R, columns] of what was cut out [R, 7, 7, C].
    func callAsFunction<S: Scalar>(
        _ parts: Variable<S>, _ context: Context<S>
    ) -> (classes: Variable<S>, deltas: Variable<S>) {
        var x = convolutions.reduce(parts) { $1($0, context) }
        x = activated(flattening(x, context))
        for layer in linear { x = activated(layer(x, context)) }
        return (scores(x, context), deltas(x, context))
    }

    private func activated<S: Scalar>(_ x: Variable<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) { x.relu() }
    }

    func trace(_ parts: Shape, _ trace: ModelTrace) throws {
        try trace.enter(RegionHead.name(path), "boxes of \(parts[0]) regions") {
            let maps = try convolutions.reduce(parts) { try $1.trace($0, trace) }
            var shape = try flattening.trace(maps, trace)
            for layer in linear { shape = try layer.trace(shape, trace) }
            _ = try deltas.trace(shape, trace)
            return (try scores.trace(shape, trace), 0)
        }
    }
}

/// What looks at a region's mask: convolutions with relu, the map doubled, and a score of each of its pixels for each class.
struct RegionMaskLayers: Sendable {
    /// Of the maps that are cut out.
    static let side = 14
    private let path: String
    private let convolutions: [NormedConvolution]
    private let doubling: TransposedConvolution
    private let scores: Linear

    init(_ scope: Scope, _ specification: RegionHeadSpecification, inputs: Int) {
        path = scope.path
        let channels = specification.mask.channels ?? inputs
        let first = specification.mask.convolutions == 0 ? inputs : channels
        convolutions = (0..<specification.mask.convolutions).map {
            NormedConvolution(
                scope["convs"][$0], inputs: $0 == 0 ? inputs : channels, outputs: channels, kernel: 3, activates: true,
                initializer: .kaimingNormalFanOut)
        }
        // torchvision leaves the biases of the last two layers as PyTorch draws them.
        let isTorchvision = specification.style == .torchvision
        doubling = TransposedConvolution(
            scope["upsample"], inputs: first, outputs: channels, kernel: 2, stride: 2,
            initializer: .kaimingNormalFanOut,
            biasInitializer: isTorchvision ? nil : .constant(0))
        scores = Linear(
            scope["conv_logits"], inputs: channels, outputs: specification.classColumns, layout: .pointwise,
            initializer: .kaimingNormalFanOut,
            biasInitializer: isTorchvision ? .uniform(bound: 1 / Double(channels).squareRoot()) : .constant(0))
    }

    /// The logits [R, 28, 28, classes] of what was cut out [R, 14, 14, C].
    func callAsFunction<S: Scalar>(_ parts: Variable<S>, _ context: Context<S>) -> Variable<S> {
        scores(relu: doubled(parts, context), context)
    }

    /// Of these logits one column for each region, [R, 28, 28, 1].
    func callAsFunction<S: Scalar>(
        _ parts: Variable<S>, columns: [Int32], _ context: Context<S>
    ) -> Variable<S> {
        scores(relu: doubled(parts, context), rows: columns, context)
    }

    private func doubled<S: Scalar>(_ parts: Variable<S>, _ context: Context<S>) -> Variable<S> {
        doubling(convolutions.reduce(parts) { $1($0, context) }, context)
    }

    func trace(_ parts: Shape, _ trace: ModelTrace) throws {
        try trace.enter(RegionHead.name(path), "masks of \(parts[0]) regions") {
            let maps = try convolutions.reduce(parts) { try $1.trace($0, trace) }
            return (try scores.trace(try doubling.trace(maps, trace), trace), 0)
        }
    }
}

extension RegionHead {
    /// What a part is called in the tree: its path below the head.
    static func name(_ path: String) -> String { String(path.dropFirst(Self.path.count + 1)) }
}
