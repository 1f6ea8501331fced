/// An element type of tensors. `Float` runs the fast kernels, `Double` the reference that gradients and fast kernels are
/// checked with: plain loops, but for pooling, resizing, patches, regions and boxes, which both have from one C macro, for
/// what moves runs of pixels and rows, and products. Each kernel family declares its own requirements in
/// `Kernels/<Family>.swift`.
public protocol Scalar: BinaryFloatingPoint, Sendable,
    MatrixProductKernels,
    ElementwiseKernels,
    BroadcastKernels,
    ReductionKernels,
    ChannelKernels,
    RecursiveGateKernels,
    GlobalFilterKernels,
    FrequencyFilterKernels,
    DepthwiseKernels,
    OptimizerKernels,
    OptimizerFamilyKernels,
    SharpnessKernels,
    LayerNormKernels,
    BatchNormKernels,
    BatchNormReluKernels,
    SoftmaxKernels,
    WindowAttentionKernels,
    DynamicReluKernels,
    RepeatedChannelKernels,
    TransposeKernels,
    DropoutKernels,
    ResidualKernels,
    CrossEntropyKernels,
    DistillationDivergenceKernels,
    MeanSquaredErrorKernels,
    BinaryCrossEntropyKernels,
    PixelCrossEntropyKernels,
    HardPixelKernels,
    SoftDiceKernels,
    LovaszKernels,
    BinaryPixelKernels,
    GeluLinearKernels,
    ReluLinearRowKernels,
    PackedProductKernels,
    PatchKernels,
    WinogradKernels,
    TileLayoutKernels,
    KernelMixingKernels,
    KeptValueKernels,
    PoolingKernels,
    AveragePoolKernels,
    SoftShrinkKernels,
    AdaptivePoolingKernels,
    ResizeKernels,
    DeformableKernels,
    RegionKernels,
    RowKernels,
    SigmoidFocalKernels,
    SmoothL1Kernels,
    LogisticLossKernels,
    LogisticDivergenceKernels,
    WeightedSquaresKernels,
    PositionPooledKernels,
    BoxLossKernels,
    DecodedBoxKernels,
    PointBoxKernels
{
    /// The type's name in messages and files: "float" or "double".
    static var scalarName: String { get }
}

extension Float: Scalar {
    /// `float`.
    public static var scalarName: String { "float" }
}

extension Double: Scalar {
    /// `double`.
    public static var scalarName: String { "double" }
}
