import Tensors

extension Operation {
    /// Every operation of this module; `trainer check-gradients` and a test hold this list against the cases below.
    public static let builtIn: [Operation] =
        ElementwiseFunction.allCases.map(Operation.elementwise) + [
            .add, .subtract, .multiply, .divide, .scale, .sum, .reshape,
            .linear,
            .geluLinear,
            .split, .slice, .concatenate, .interleave,
            .linearSplit, .normalizedLinearSplit,
            .feedForwardBranch,
            .gatedBranch,
            .recursiveGate,
            .globalFilter, .resizeFilter,
            .depthwiseConvolution,
            .layerNorm,
            .batchNorm, .batchNormEvaluation,
            .batchNormRelu, .batchNormReluEvaluation,
            .softmax, .logSoftmax,
            .attention,
            .transpose,
            .dropout, .dropPath,
            .addingResidual,
            .crossEntropy, .softCrossEntropy,
            .binaryCrossEntropy,
            .meanSquaredError,
            .distillationDivergence,
            .convolution, .joinedConvolution,
            .maxPool, .globalAveragePool,
            .resize,
            .checkpoint,
        ]
}

extension GradientCheck {
    /// The cases of every operation of this module, declared beside it.
    public static let all: [GradientCheck] = [
        elementwise, arithmetic,
        linear,
        geluLinear,
        channels,
        linearSplit, normalizedLinearSplit,
        feedForwardBranch,
        gatedBranch,
        recursiveGate,
        globalFilter,
        depthwiseConvolution,
        layerNorm,
        batchNorm,
        batchNormRelu,
        softmax,
        attention,
        transpose,
        dropout,
        residual,
        crossEntropy,
        binaryCrossEntropy,
        meanSquaredError,
        distillationDivergence,
        convolution,
        joinedConvolution,
        pooling,
        resize,
        checkpoint,
    ].flatMap { $0 }
}
