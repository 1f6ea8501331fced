import CKernels

public protocol PackedProductKernels {
    /// Elements that the right operand [inner, columns] takes when packed; 0 where it is used as it stands.
    static func packedCount(inner: Int, columns: Int) -> Int
    /// Packs the panels of a range; see `hb_pack_panels`.
    static func packPanels(
        _ b: UnsafePointer<Self>, stride: Int, transposed: Bool, inner: Int, columns: Int, _ panels: Range<Int>,
        into packed: UnsafeMutablePointer<Self>)
    /// C = A B + bias, or + C, for a packed B, on the calling thread.
    static func packedProduct(
        _ rows: Int, _ columns: Int, _ inner: Int, _ a: UnsafePointer<Self>, _ strideA: Int,
        _ packed: UnsafePointer<Self>, bias: UnsafePointer<Self>?, adding: Bool, into c: UnsafeMutablePointer<Self>,
        _ strideC: Int)
    /// C [m, n] += A^T B for A [rows, m] and B [rows, n], on the calling thread: the gradient of a weight for a block of
    /// rows.
    static func addTransposedProduct(
        _ m: Int, _ n: Int, _ rows: Int, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
        into c: UnsafeMutablePointer<Self>)
}

/// Whether the processor runs the packed products; decided once.
private let hasPackedProducts = hb_packed_products() != 0

extension Float: PackedProductKernels {
    public static func packedCount(inner: Int, columns: Int) -> Int {
        guard hasPackedProducts else { return 0 }
        let width = hb_panel_columns()
        return (columns + width - 1) / width * width * inner
    }

    public static func packPanels(
        _ b: UnsafePointer<Float>, stride: Int, transposed: Bool, inner: Int, columns: Int, _ panels: Range<Int>,
        into packed: UnsafeMutablePointer<Float>
    ) {
        hb_pack_panels(
            b, stride, transposed ? 1 : 0, inner, columns, panels.lowerBound, panels.upperBound, packed)
    }

    public static func packedProduct(
        _ rows: Int, _ columns: Int, _ inner: Int, _ a: UnsafePointer<Float>, _ strideA: Int,
        _ packed: UnsafePointer<Float>, bias: UnsafePointer<Float>?, adding: Bool, into c: UnsafeMutablePointer<Float>,
        _ strideC: Int
    ) { hb_packed_product(rows, columns, inner, a, strideA, 0, packed, 0, bias, adding ? 1 : 0, c, strideC) }

    public static func addTransposedProduct(
        _ m: Int, _ n: Int, _ rows: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        into c: UnsafeMutablePointer<Float>
    ) {
        if hasPackedProducts {
            hb_packed_product(m, n, rows, a, m, 1, b, n, nil, 1, c, n)
        } else {
            product(m, n, rows, a, m, transposed: true, b, n, transposed: false, beta: 1, c, n)
        }
    }
}

extension Double: PackedProductKernels {
    public static func packedCount(inner: Int, columns: Int) -> Int { 0 }

    public static func packPanels(
        _ b: UnsafePointer<Double>, stride: Int, transposed: Bool, inner: Int, columns: Int, _ panels: Range<Int>,
        into packed: UnsafeMutablePointer<Double>
    ) {}

    public static func packedProduct(
        _ rows: Int, _ columns: Int, _ inner: Int, _ a: UnsafePointer<Double>, _ strideA: Int,
        _ packed: UnsafePointer<Double>, bias: UnsafePointer<Double>?, adding: Bool,
        into c: UnsafeMutablePointer<Double>, _ strideC: Int
    ) { require(false, "packed product", "there is none in double precision") }

    public static func addTransposedProduct(
        _ m: Int, _ n: Int, _ rows: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        into c: UnsafeMutablePointer<Double>
    ) { product(m, n, rows, a, m, transposed: true, b, n, transposed: false, beta: 1, c, n) }
}

/// The right operand of products over many blocks of rows: a matrix, or some rows of it, brought once into the order in
/// which the products read it. Where the processor has no such kernel, the matrix is used as it stands.
///
/// Keeps no reference to the matrix: it must live as long as the operand.
struct ProductOperand<S: Scalar> {
    let inner: Int
    let columns: Int
    private let matrix: UnsafePointer<S>
    private let stride: Int
    private let isTransposed: Bool
    private let packed: Storage<S>?

    /// B = matrix [inner, columns], or, transposed, its transpose for a matrix [columns, inner].
    init(_ matrix: UnsafePointer<S>, stride: Int, transposed: Bool, inner: Int, columns: Int) {
        (self.matrix, self.stride, isTransposed) = (matrix, stride, transposed)
        (self.inner, self.columns) = (inner, columns)
        let count = S.packedCount(inner: inner, columns: columns)
        guard count > 0, inner > 0 else {
            packed = nil
            return
        }
        let storage = Storage<S>(count: count)
        packed = storage
        let panels = (columns + 31) / 32
        parallelFor(panels, grain: max(1, 65_536 / (32 * inner))) {
            S.packPanels(
                matrix, stride: stride, transposed: transposed, inner: inner, columns: columns, $0,
                into: storage.pointer)
        }
    }

    /// For y = x W^T: rows of a weight [out, in] as columns.
    init(rowsOf weight: Tensor<S>, _ rows: Range<Int>? = nil) {
        let inner = weight.shape[1]
        let rows = rows ?? 0..<weight.shape[0]
        self.init(
            weight.storage.pointer + weight.offset + rows.lowerBound * inner, stride: inner, transposed: true,
            inner: inner, columns: rows.count)
    }

    /// For dx = g W: a weight [out, in], or some of its rows, as it is.
    init(_ weight: Tensor<S>, rows: Range<Int>? = nil) {
        let rows = rows ?? 0..<weight.shape[0]
        self.init(
            weight.storage.pointer + weight.offset + rows.lowerBound * weight.shape[1], stride: weight.shape[1],
            transposed: false, inner: rows.count, columns: weight.shape[1])
    }

    /// C [rows, columns] = A B + bias, or + C, for A [rows, inner], on the calling thread.
    func product(
        _ rows: Int, _ a: UnsafePointer<S>, bias: UnsafePointer<S>? = nil, adding: Bool = false,
        into c: UnsafeMutablePointer<S>
    ) {
        if let packed {
            S.packedProduct(
                rows, columns, inner, a, inner, packed.pointer, bias: bias, adding: adding, into: c, columns)
            return
        }
        S.product(
            rows, columns, inner, a, inner, transposed: false, matrix, stride, transposed: isTransposed,
            beta: adding ? 1 : 0, c, columns)
        if let bias { S.addRow(bias, c, rows, columns) }
    }
}
