import Autograd
import Layers
import Tensors

/// The unit of detectors' necks and towers: a convolution, with group norm behind it where there are groups, and relu where
/// it is asked for. A norm takes the place of the convolution's bias. Parameters are `conv` and `gn` under the scope, as in
/// mmdetection.
struct NormedConvolution: Layer {
    let path: String
    private let convolution: any Layer
    private let norm: GroupNorm?
    private let activates: Bool

    /// A kernel of odd size, padded by half of it.
    /// - Parameter groups: of channels that are normalised together; 0 for no norm.
    init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 0,
        activates: Bool = false, initializer: Initializer
    ) {
        path = scope.path
        self.activates = activates
        convolution =
            kernel == 1 && stride == 1
            ? Linear(
                scope["conv"], inputs: inputs, outputs: outputs, bias: groups == 0, layout: .pointwise,
                initializer: initializer)
            : Convolution(
                scope["conv"], inputs: inputs, outputs: outputs, kernel: Pair(kernel), stride: Pair(stride),
                padding: Pair(kernel / 2), bias: groups == 0, initializer: initializer)
        norm = groups > 0 ? GroupNorm(scope["gn"], channels: outputs, groups: groups) : nil
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> { both(x, context).result }

    /// The convolution's output as it is, and what norm and relu make of it.
    func both<S: Scalar>(
        _ x: Variable<S>, _ context: Context<S>
    ) -> (plain: Variable<S>, result: Variable<S>) {
        let plain = convolution(x, context)
        let y = norm.map { $0(plain, context) } ?? plain
        return (plain, activates ? LayerPath.$current.withValue(path) { y.relu() } : y)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let output = try convolution.trace(input, trace)
        return try norm?.trace(output, trace) ?? output
    }
}

/// The groups of a norm must divide its channels.
func checkGroups(_ name: String, _ groups: Int, channels: Int) throws {
    guard groups == 0 || groups > 0 && channels % groups == 0 else {
        throw ModelError(
            "model.\(name) is \(groups), which does not divide the \(channels) channels; use a divisor, or 0 for no norm"
        )
    }
}
