import Autograd
import Layers
import Tensors

/// A convolution without bias and a batch norm: `0` and `1` under the scope. 1x1, in groups where there are several, or
/// depthwise 3x3 with several results for each channel; channels are shuffled afterwards where groups ask for it.
struct MobileUnit: Sendable {
    private let pointwise: (any Layer)?
    private let depthwise: DepthwiseConvolution?
    private let norm: BatchNorm
    private let multiplier: Int
    private let shuffle: Int
    private let path: String

    /// 1x1.
    init(_ scope: Scope, inputs: Int, outputs: Int, groups: Int, shuffles: Bool = false, norm: String = "1") {
        self.init(scope, scope["0"], inputs: inputs, outputs: outputs, groups: groups, shuffles: shuffles, norm: norm)
    }

    /// 1x1 in a scope of its own.
    init(
        _ scope: Scope, _ convolution: Scope, inputs: Int, outputs: Int, groups: Int, shuffles: Bool, norm: String
    ) {
        path = scope.path
        pointwise =
            groups == 1
            ? Linear(
                convolution, inputs: inputs, outputs: outputs, bias: false, layout: .pointwise,
                initializer: .kaimingNormalFanOut)
            : GroupedPointwise(convolution, inputs: inputs, outputs: outputs, groups: groups)
        depthwise = nil
        self.norm = BatchNorm(scope[norm], channels: outputs)
        multiplier = 1
        shuffle = shuffles ? groups : 1
    }

    /// Depthwise 3x3.
    init(_ scope: Scope, channels: Int, multiplier: Int, stride: Int = 1, shuffles: Bool = false) {
        path = scope.path
        pointwise = nil
        depthwise = DepthwiseConvolution(
            scope["0"], channels: channels * multiplier, kernel: 3, stride: stride, bias: false,
            initializer: .kaimingNormalFanOut)
        norm = BatchNorm(scope["1"], channels: channels * multiplier)
        self.multiplier = multiplier
        shuffle = shuffles ? channels : 1
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let convolved: Variable<S>
        if let depthwise {
            let repeated = LayerPath.$current.withValue(path) { x.repeatedChannels(multiplier) }
            convolved = depthwise(repeated, context)
        } else {
            convolved = pointwise?(x, context) ?? x
        }
        let normed = norm(convolved, context)
        return LayerPath.$current.withValue(path) { normed.shuffled(groups: shuffle) }
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let wide = input.replacing(axis: -1, with: input.columns * multiplier)
        let shape = try depthwise?.trace(wide, trace) ?? pointwise?.trace(input, trace) ?? input
        return try norm.trace(shape, trace)
    }
}

/// A 1x1 convolution without bias in groups.
private struct GroupedPointwise: Layer {
    let weight: Parameter
    let groups: Int
    let path: String

    init(_ scope: Scope, inputs: Int, outputs: Int, groups: Int) {
        path = scope.path
        self.groups = groups
        weight = scope.parameter(
            "weight", [outputs, 1, 1, inputs / groups], layout: .convolution, role: .weight,
            initializer: .kaimingNormalFanOut)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) { x.convolution(context[weight], nil, groups: groups) }
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let outputs = weight.shape[0]
        let kind = "conv 1x1 in \(groups) groups, \(input.columns) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight]) {
            (input.replacing(axis: -1, with: outputs), Int.product(input.rows, outputs, weight.shape[3]))
        }
    }
}

extension Variable {
    /// Channel i of group j becomes channel i groups + j: [.., C] with g groups of neighbours. The map itself for one.
    package func shuffled(groups: Int) -> Variable {
        if groups == 1 { return self }
        let axes = shape.dimensions.dropLast()
        return reshaped(Shape(axes + [groups, shape.columns / groups]))
            .transposed(Array(0..<axes.count) + [axes.count + 1, axes.count]).reshaped(shape)
    }
}

/// The first row, which has no tokens: depthwise 3x3, relu6, 1x1, added to its input where shapes are the same.
struct LiteBottleneck: Sendable {
    let path: String
    private let depthwise: MobileUnit
    private let project: MobileUnit
    private let shuffle: Int
    private let sum: ResidualSum?

    init(_ scope: Scope, inputs: Int, outputs: Int, expansion: Int, stride: Int, groups: Int, dropRate: Double) {
        path = scope.path
        let part = scope["conv"]
        depthwise = MobileUnit(part, channels: inputs, multiplier: expansion, stride: stride)
        project = MobileUnit(
            part, part[4], inputs: inputs * expansion, outputs: outputs, groups: groups, shuffles: false, norm: "5")
        shuffle = groups > 1 ? inputs : 1
        sum = inputs == outputs && stride == 1 ? ResidualSum(scope.path, dropRate: dropRate) : nil
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let wide = depthwise(x, context)
        let active = LayerPath.$current.withValue(path) { wide.relu6().shuffled(groups: shuffle) }
        let branch = project(active, context)
        return sum?(x, branch, context) ?? branch
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "bottleneck without tokens") {
            (try project.trace(try depthwise.trace(input, trace), trace), 0)
        }
    }
}

/// A row of a Mobile-Former: the map's part, an inverted bottleneck whose activations the first token shapes, beside the
/// tokens' part, with a bridge before and one behind.
struct MobileFormerBlock: Sendable {
    /// What the names under a row's scope end with.
    private struct Step {
        let unit: MobileUnit
        let activation: TokenRelu?
    }

    let path: String
    private let gather: MapToTokens
    private let former: TokenBlock
    private let steps: [Step]
    private let spread: TokensToMap
    private let sum: ResidualSum?
    private let halves: Bool
    private let tokenWidth: Int

    init(_ scope: Scope, _ specification: MobileFormerSpecification, row: Int, dropRate: Double) {
        path = scope.path
        let (inputs, outputs) = (specification.inputs(row), specification.widths[row])
        let (tokens, groups) = (specification.tokens, specification.groups)
        halves = specification.strides[row] == 2
        tokenWidth = tokens.width
        let wide = inputs * specification.expansions[row]
        gather = MapToTokens(scope["local_global"], channels: inputs, tokens: tokens, dropRate: dropRate)
        former = TokenBlock(scope["global_block"], tokens: tokens, dropRate: dropRate)
        func relu(_ name: String, _ channels: Int) -> TokenRelu {
            TokenRelu(scope[name], channels: channels, tokens: tokens)
        }
        if halves {
            let second = specification.secondExpansion
            steps = [
                Step(
                    unit: MobileUnit(
                        scope["conv1"], channels: inputs, multiplier: specification.expansions[row], stride: 2,
                        shuffles: groups > 1), activation: relu("hyper1", wide)),
                Step(
                    unit: MobileUnit(scope["conv2"], inputs: wide, outputs: outputs, groups: groups), activation: nil),
                Step(
                    unit: MobileUnit(scope["conv3"], channels: outputs, multiplier: second, shuffles: groups > 1),
                    activation: relu("hyper3", outputs * second)),
                Step(
                    unit: MobileUnit(
                        scope["conv4"], inputs: outputs * second, outputs: outputs, groups: groups), activation: nil),
            ]
        } else {
            steps = [
                Step(
                    unit: MobileUnit(
                        scope["conv1"], inputs: inputs, outputs: wide, groups: groups, shuffles: groups > 1),
                    activation: relu("hyper1", wide)),
                Step(
                    unit: MobileUnit(scope["conv2"], channels: wide, multiplier: 1), activation: relu("hyper2", wide)),
                Step(
                    unit: MobileUnit(
                        scope["conv3"], inputs: wide, outputs: outputs, groups: groups, shuffles: groups > 1),
                    activation: nil),
            ]
        }
        spread = TokensToMap(scope["global_local"], channels: outputs, tokens: tokens, dropRate: dropRate)
        sum = halves || inputs == outputs ? ResidualSum(scope.path, dropRate: dropRate) : nil
    }

    /// The map and the tokens after this row.
    func callAsFunction<S: Scalar>(
        _ map: Variable<S>, _ tokens: Variable<S>, _ context: Context<S>
    ) -> (map: Variable<S>, tokens: Variable<S>) {
        let tokens = former(gather(map, tokens, context), context)
        let first = LayerPath.$current.withValue(path) { tokens.firstToken }
        var x = map
        // What the branch is added to: the input, or in a row that halves the map what its first half gives.
        var base = map
        for (number, step) in steps.enumerated() {
            x = step.unit(x, context)
            if let activation = step.activation { x = activation(x, token: first, context) }
            if halves, number == 1 { base = x }
        }
        return (spread(sum?(base, x, context) ?? x, tokens, context), tokens)
    }

    func trace(_ input: Shape, _ tokens: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "Mobile-Former block\(halves ? ", halving" : "")") {
            try gather.trace(input, tokens, trace)
            try former.trace(tokens, trace)
            var shape = input
            for step in steps {
                shape = try step.unit.trace(shape, trace)
                try step.activation?.trace(trace)
            }
            try spread.trace(shape, tokens, trace)
            return (shape, 0)
        }
    }
}

extension Variable {
    /// Of tokens [N, M, d] the first, [N, d].
    var firstToken: Variable {
        let (count, width) = (shape[1], shape[2])
        let flat = reshaped([shape[0], count * width])
        return count == 1 ? flat : flat.sliced(channels: 0..<width)
    }
}
