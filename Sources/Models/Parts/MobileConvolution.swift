import Autograd
import Layers
import Tensors

/// An inverted residual (Sandler et al., arXiv 1801.04381) with squeeze and excitation, as EfficientNet has it (Tan and
/// Le, arXiv 1905.11946): 1x1 to four times the channels, depthwise 3x3, channels weighted by their means, 1x1; added to
/// its input where the widths are equal.
struct MobileConvolution: Layer {
    let path: String
    private let expand: Linear
    private let expandNorm: BatchNorm
    private let depthwise: DepthwiseConvolution
    private let depthwiseNorm: BatchNorm
    private let squeeze: Linear
    private let excite: Linear
    private let project: Linear
    private let projectNorm: BatchNorm
    private let sum: ResidualSum?

    init(_ scope: Scope, inputs: Int, outputs: Int) {
        path = scope.path
        let hidden = 4 * inputs
        func pointwise(_ name: String, _ inputs: Int, _ outputs: Int) -> Linear {
            Linear(
                scope[name]["conv"], inputs: inputs, outputs: outputs, bias: false, layout: .pointwise,
                initializer: .kaimingNormalFanOut)
        }
        expand = pointwise("expand", inputs, hidden)
        expandNorm = BatchNorm(scope["expand"]["bn"], channels: hidden)
        depthwise = DepthwiseConvolution(
            scope["depthwise"]["conv"], channels: hidden, kernel: 3, bias: false, initializer: .uniformFanIn)
        depthwiseNorm = BatchNorm(scope["depthwise"]["bn"], channels: hidden)
        let few = max(1, inputs / 4)
        squeeze = Linear(scope["squeeze"], inputs: hidden, outputs: few, initializer: .uniformFanIn)
        excite = Linear(scope["excite"], inputs: few, outputs: hidden, initializer: .uniformFanIn)
        project = pointwise("project", hidden, outputs)
        projectNorm = BatchNorm(scope["project"]["bn"], channels: outputs)
        sum = inputs == outputs ? ResidualSum(scope.path) : nil
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        func swish(_ x: Variable<S>) -> Variable<S> { LayerPath.$current.withValue(path) { x.silu() } }
        let wide = swish(expandNorm(expand(x, context), context))
        let mixed = swish(depthwiseNorm(depthwise(wide, context), context))
        let means = LayerPath.$current.withValue(path) { mixed.globalAveragePooled() }
        let scores = excite(swish(squeeze(means, context)), context)
        let weighted = LayerPath.$current.withValue(path) {
            mixed * scores.sigmoid().reshaped([mixed.shape[0], 1, 1, mixed.shape[3]])
        }
        let branch = projectNorm(project(weighted, context), context)
        return sum?(x, branch, context) ?? branch
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "inverted residual") {
            var shape = try expandNorm.trace(try expand.trace(input, trace), trace)
            shape = try depthwiseNorm.trace(try depthwise.trace(shape, trace), trace)
            _ = try excite.trace(try squeeze.trace([shape[0], shape.columns], trace), trace)
            return (try projectNorm.trace(try project.trace(shape, trace), trace), 0)
        }
    }
}
