import CKernels

/// What `Kernels/PackedProduct.swift` asks of an element type.
public protocol PackedProductKernels {
    /// Elements that the right operand [inner, columns] takes when packed; 0 where it is used as it stands.
    static func packedCount(inner: Int, columns: Int, _ precision: ProductPrecision) -> Int
    /// Packs the panels of a range, each of 32 columns.
    static func packPanels(
        _ b: UnsafePointer<Self>, stride: Int, transposed: Bool, inner: Int, columns: Int, _ panels: Range<Int>,
        _ precision: ProductPrecision, into packed: UnsafeMutablePointer<Self>)
    /// C = A B + bias, or + C, for a packed B, on the calling thread.
    static func packedProduct(
        _ rows: Int, _ columns: Int, _ inner: Int, _ a: UnsafePointer<Self>, stride: Int,
        _ packed: UnsafePointer<Self>, _ precision: ProductPrecision, bias: UnsafePointer<Self>?, adding: Bool,
        into c: UnsafeMutablePointer<Self>, strideC: Int)
    /// C [m, n] += A^T B for A [rows, m] and B [rows, n], on the calling thread: the gradient of a weight for a block of
    /// rows.
    static func addTransposedProduct(
        _ m: Int, _ n: Int, _ rows: Int, _ a: UnsafePointer<Self>, strideA: Int, _ b: UnsafePointer<Self>,
        strideB: Int, _ precision: ProductPrecision, into c: UnsafeMutablePointer<Self>, strideC: Int)
}

/// What the processor has; decided once.
private let hasPackedProducts = hb_packed_products() != 0
private let hasPairProducts = hb_pair_products() != 0

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: PackedProductKernels {
    private static func usesPairs(_ precision: ProductPrecision) -> Bool { precision == .bfloat16 && hasPairProducts }

    public static func packedCount(inner: Int, columns: Int, _ precision: ProductPrecision) -> Int {
        guard hasPackedProducts else { return 0 }
        return (columns + 31) / 32 * 32 * (usesPairs(precision) ? (inner + 1) / 2 : inner)
    }

    public static func packPanels(
        _ b: UnsafePointer<Float>, stride: Int, transposed: Bool, inner: Int, columns: Int, _ panels: Range<Int>,
        _ precision: ProductPrecision, into packed: UnsafeMutablePointer<Float>
    ) {
        (usesPairs(precision) ? hb_pack_pair_panels : hb_pack_panels)(
            b, stride, transposed ? 1 : 0, inner, columns, panels.lowerBound, panels.upperBound, packed)
    }

    public static func packedProduct(
        _ rows: Int, _ columns: Int, _ inner: Int, _ a: UnsafePointer<Float>, stride: Int,
        _ packed: UnsafePointer<Float>, _ precision: ProductPrecision, bias: UnsafePointer<Float>?, adding: Bool,
        into c: UnsafeMutablePointer<Float>, strideC: Int
    ) {
        if usesPairs(precision) {
            hb_pair_product(rows, columns, inner, a, stride, packed, bias, adding ? 1 : 0, c, strideC)
        } else {
            hb_packed_product(rows, columns, inner, a, stride, packed, bias, adding ? 1 : 0, c, strideC)
        }
    }

    public static func addTransposedProduct(
        _ m: Int, _ n: Int, _ rows: Int, _ a: UnsafePointer<Float>, strideA: Int, _ b: UnsafePointer<Float>,
        strideB: Int, _ precision: ProductPrecision, into c: UnsafeMutablePointer<Float>, strideC: Int
    ) {
        if usesPairs(precision) {
            hb_add_transposed_pair_product(m, n, rows, a, strideA, b, strideB, c, strideC)
        } else if hasPackedProducts {
            hb_add_transposed_product(m, n, rows, a, strideA, b, strideB, c, strideC)
        } else {
            product(m, n, rows, a, strideA, transposed: true, b, strideB, transposed: false, beta: 1, c, strideC)
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: PackedProductKernels {
    public static func packedCount(inner: Int, columns: Int, _ precision: ProductPrecision) -> Int { 0 }

    public static func packPanels(
        _ b: UnsafePointer<Double>, stride: Int, transposed: Bool, inner: Int, columns: Int, _ panels: Range<Int>,
        _ precision: ProductPrecision, into packed: UnsafeMutablePointer<Double>
    ) {}

    public static func packedProduct(
        _ rows: Int, _ columns: Int, _ inner: Int, _ a: UnsafePointer<Double>, stride: Int,
        _ packed: UnsafePointer<Double>, _ precision: ProductPrecision, bias: UnsafePointer<Double>?, adding: Bool,
        into c: UnsafeMutablePointer<Double>, strideC: Int
    ) { require(false, "packed product", "there is none in double precision") }

    public static func addTransposedProduct(
        _ m: Int, _ n: Int, _ rows: Int, _ a: UnsafePointer<Double>, strideA: Int, _ b: UnsafePointer<Double>,
        strideB: Int, _ precision: ProductPrecision, into c: UnsafeMutablePointer<Double>, strideC: Int
    ) { product(m, n, rows, a, strideA, transposed: true, b, strideB, transposed: false, beta: 1, c, strideC) }
}

extension PackedProductKernels {
    /// The same for operands whose rows follow each other.
    static func addTransposedProduct(
        _ m: Int, _ n: Int, _ rows: Int, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
        _ precision: ProductPrecision, into c: UnsafeMutablePointer<Self>
    ) { addTransposedProduct(m, n, rows, a, strideA: m, b, strideB: n, precision, into: c, strideC: n) }
}
