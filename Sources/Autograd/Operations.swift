import Tensors

extension Operation {
    /// Every operation of this module; `trainer check-gradients` and a test hold this list against the cases below.
    public static let builtIn: [Operation] =
        ElementwiseFunction.allCases.map(Operation.elementwise) + [
            .add, .subtract, .multiply, .divide, .scale, .sum, .reshape,
            .linear,
            .depthwiseConvolution,
            .convolution,
            .maxPool, .globalAveragePool,
            .resize,
        ]
}

extension GradientCheck {
    /// The cases of every operation of this module, declared beside it.
    public static let all: [GradientCheck] =
        elementwise + arithmetic
        + linear
        + depthwiseConvolution
        + convolution
        + pooling
        + resize
}
