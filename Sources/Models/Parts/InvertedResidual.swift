import Autograd
import Layers
import Tensors

/// An inverted residual (Sandler et al., arXiv 1801.04381): 1x1 to more channels, depthwise 3x3, 1x1, each with a batch norm
/// and the first two with an activation; added to its input where shapes agree. Parameters are torchvision's.
struct InvertedResidual: Layer {
    let path: String
    private let steps: [(convolution: any Layer, norm: BatchNorm)]
    private let activation: ElementwiseFunction
    private let sum: ResidualSum?

    /// What its convolutions do; the first is left out where nothing is expanded.
    static func shapes(inputs: Int, hidden: Int, outputs: Int, stride: Int) -> [ConvolutionShape] {
        (hidden == inputs ? [] : [ConvolutionShape(inputs: inputs, outputs: hidden, kernel: 1)]) + [
            ConvolutionShape(
                inputs: hidden, outputs: hidden, kernel: 3, stride: Pair(stride), padding: 1, groups: hidden),
            ConvolutionShape(inputs: hidden, outputs: outputs, kernel: 1),
        ]
    }

    /// - Parameter make: makes a convolution, by its number among `shapes`.
    init(
        _ scope: Scope, _ shapes: [ConvolutionShape], activation: ElementwiseFunction,
        make: (_ scope: Scope, _ number: Int) -> any Layer
    ) {
        path = scope.path
        self.activation = activation
        let parts = scope["conv"]
        steps = shapes.enumerated().map { number, shape in
            // The last convolution and its norm stand beside the units of the others.
            let isLast = number == shapes.count - 1
            let (convolution, norm) =
                isLast ? (parts[number], parts[number + 1]) : (parts[number][0], parts[number][1])
            return (make(convolution, number), BatchNorm(norm, channels: shape.outputs))
        }
        let keepsShape = shapes.allSatisfy { $0.stride == 1 } && shapes.first?.inputs == shapes.last?.outputs
        sum = keepsShape ? ResidualSum(scope.path) : nil
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        var y = x
        for (number, step) in steps.enumerated() {
            let convolved = step.convolution(y, context)
            if number == steps.count - 1 {
                y = step.norm(convolved, context)
            } else if activation == .relu {
                y = step.norm(relu: convolved, context)
            } else {
                let normed = step.norm(convolved, context)
                y = LayerPath.$current.withValue(path) { normed.map(activation) }
            }
        }
        return sum?(x, y, context) ?? y
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "inverted residual") {
            var shape = input
            for step in steps { shape = try step.norm.trace(try step.convolution.trace(shape, trace), trace) }
            return (shape, 0)
        }
    }
}

extension InvertedResidual {
    /// One whose kernels are parameters, with relu.
    static func plain(_ scope: Scope, inputs: Int, hidden: Int, outputs: Int, stride: Int) -> InvertedResidual {
        let forms = shapes(inputs: inputs, hidden: hidden, outputs: outputs, stride: stride)
        let maker = ConvolutionMaker(
            scope, nil, forms.map { ConvolutionMaker.Place(shape: $0, warehouse: 0) },
            initializer: .kaimingNormalFanOut)
        return InvertedResidual(scope, forms, activation: .relu) { maker.make($0, $1) }
    }
}
