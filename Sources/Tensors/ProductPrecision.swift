import CKernels

/// How the operands of matrix products are rounded. Sums, and everything that is no matrix product, stay in the
/// scalar's own precision.
public enum ProductPrecision: Sendable {
    case full
    /// Operands of `Float` products are rounded to bfloat16 (8 bits of precision, the range of a float); sums are floats.
    case bfloat16

    /// What products use that are begun in this task. Operations note it when they are recorded and when their gradient
    /// is computed, so a step sets it around both.
    @TaskLocal public static var current = ProductPrecision.full

    /// Whether this processor has products of bfloat16; without them `bfloat16` means `full`.
    public static var hasBFloat16: Bool { hb_pair_products() != 0 }
}
