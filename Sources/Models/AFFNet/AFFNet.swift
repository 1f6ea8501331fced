// AFFNet: the family's specification, its configuration keys and its layers; no other family is known here.

import Autograd
import Layers
import Tensors

/// AFFNet (Huang et al., arXiv 2307.14008): inverted residuals, and in the last three stages blocks that mix tokens by
/// adaptive frequency filters. The activation is relu, as the released blocks have it where nothing else is said.
package struct AFFNet: Backbone {
    package let specification: AFFNetSpecification

    private let stem: ConvolutionUnit
    private let light: [InvertedResidual]
    private let stages: [(entry: InvertedResidual, blocks: FrequencyStage)]
    private let last: ConvolutionUnit

    init(_ scope: Scope, _ specification: AFFNetSpecification) {
        self.specification = specification
        let widths = specification.widths
        let isLarge = specification.stem == .large
        stem = ConvolutionUnit(
            scope["conv_1"],
            ConvolutionShape(
                inputs: specification.inputChannels, outputs: AFFNetSpecification.stemChannels, kernel: 3,
                stride: isLarge ? 2 : 1, padding: 1))
        func residual(_ scope: Scope, _ inputs: Int, _ outputs: Int, stride: Int) -> InvertedResidual {
            .plain(
                scope, inputs: inputs, hidden: inputs * specification.expansion, outputs: outputs, stride: stride)
        }
        light =
            [residual(scope["layer_1"][0], AFFNetSpecification.stemChannels, widths[0], stride: 1)]
            + (0..<3).map { index in
                residual(
                    scope["layer_2"][index], index == 0 ? widths[0] : widths[1], widths[1],
                    stride: index == 0 && isLarge ? 2 : 1)
            }
        let count = specification.depths.reduce(0, +)
        var number = 0
        stages = specification.depths.enumerated().map { stage, depth in
            let layer = scope["layer_\(stage + 3)"]
            let rates = (0..<depth).map { dropRate(specification.dropPath, block: number + $0, of: count) }
            number += depth
            return (
                residual(layer[0], widths[stage + 1], widths[stage + 2], stride: 2),
                FrequencyStage(layer[1], channels: widths[stage + 2], dropRates: rates)
            )
        }
        last = ConvolutionUnit(
            scope["conv_1x1_exp"],
            ConvolutionShape(inputs: widths[4], outputs: specification.lastChannels, kernel: 1))
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        var x = stem(images, context)
        for block in light { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
        var maps = [x]
        for (number, stage) in stages.enumerated() {
            x = context.checkpointed(x, at: stage.entry.path) { stage.entry($0, $1) }
            x = stage.blocks(x, context)
            if number == stages.count - 1 { x = last(x, context) }
            maps.append(x)
        }
        return Features(maps: maps)
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shape = try stem.trace(image, trace)
        try trace.enter("light", "stages without filters") {
            for block in light { shape = try block.trace(shape, trace) }
            return (shape, 0)
        }
        return try [shape]
            + stages.enumerated().map { number, stage in
                try trace.enter("layer_\(number + 3)", "stage") {
                    shape = try stage.blocks.trace(try stage.entry.trace(shape, trace), trace)
                    if number == stages.count - 1 { shape = try last.trace(shape, trace) }
                    return (shape, 0)
                }
            }
    }
}

/// A convolution with a batch norm and relu.
struct ConvolutionUnit: Layer {
    let path: String
    private let convolution: Convolution
    private let norm: BatchNorm
    private let activates: Bool

    init(_ scope: Scope, _ shape: ConvolutionShape, activates: Bool = true) {
        path = scope.path
        self.activates = activates
        convolution = Convolution(
            scope["conv"], inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel, stride: shape.stride,
            padding: shape.padding, bias: false, initializer: .kaimingNormalFanOut)
        norm = BatchNorm(scope["norm"], channels: shape.outputs)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let convolved = convolution(x, context)
        return activates ? norm(relu: convolved, context) : norm(convolved, context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "convolution and norm") {
            (try norm.trace(try convolution.trace(input, trace), trace), 0)
        }
    }
}

/// Blocks that mix tokens in the frequency plane, a norm and a 1x1 convolution; what comes out is joined with the input.
struct FrequencyStage: Layer {
    let path: String
    private let blocks: [FrequencyBlock]
    private let norm: BatchNorm
    private let projection: ConvolutionUnit
    private let fusion: ConvolutionUnit

    init(_ scope: Scope, channels: Int, dropRates: [Double]) {
        path = scope.path
        let global = scope["global_rep"]
        blocks = dropRates.enumerated().map { FrequencyBlock(global[$0], channels: channels, dropRate: $1) }
        norm = BatchNorm(global[dropRates.count], channels: channels)
        func unit(_ name: String, _ inputs: Int, activates: Bool) -> ConvolutionUnit {
            ConvolutionUnit(
                scope[name], ConvolutionShape(inputs: inputs, outputs: channels, kernel: 1), activates: activates)
        }
        projection = unit("conv_proj", channels, activates: false)
        fusion = unit("fusion", 2 * channels, activates: true)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        var y = x
        for block in blocks { y = context.checkpointed(y, at: block.path) { block($0, $1) } }
        y = projection(norm(y, context), context)
        return fusion(LayerPath.$current.withValue(path) { .concatenated([x, y]) }, context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "frequency filters") {
            var shape = input
            for block in blocks { shape = try block.trace(shape, trace) }
            shape = try projection.trace(try norm.trace(shape, trace), trace)
            return (try fusion.trace(shape.replacing(axis: -1, with: 2 * shape.columns), trace), 0)
        }
    }
}

/// x + filter(norm(residual(norm(x)))), where the inverted residual and the filter add their own inputs.
struct FrequencyBlock: Layer {
    let path: String
    private let norms: (BatchNorm, BatchNorm)
    private let residual: InvertedResidual
    private let filter: FrequencyFilter
    private let sum: ResidualSum

    init(_ scope: Scope, channels: Int, dropRate: Double) {
        path = scope.path
        norms = (BatchNorm(scope["norm1"], channels: channels), BatchNorm(scope["norm2"], channels: channels))
        residual = .plain(
            scope["ffn"], inputs: channels, hidden: 2 * channels, outputs: channels, stride: 1)
        filter = FrequencyFilter(scope["filter"], channels: channels, blocks: AFFNetSpecification.blocks)
        sum = ResidualSum(scope.path, dropRate: dropRate)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let local = residual(norms.0(x, context), context)
        return sum(x, filter(norms.1(local, context), context), context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "frequency block") {
            let local = try residual.trace(try norms.0.trace(input, trace), trace)
            return (try filter.trace(try norms.1.trace(local, trace), trace), 0)
        }
    }
}
