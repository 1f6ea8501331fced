import CKernels
import Tensors
import Testing

/// As the processor rounds: to the nearest, ties to even.
private func roundedToBFloat16(_ x: Float) -> Double {
    let bits = x.bitPattern
    return Double(Float(bitPattern: (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff_0000))
}

private func normal(_ shape: Shape, _ purpose: String) -> Tensor<Float> {
    var random = Random(seed: 4, purpose: purpose)
    return .normal(shape, from: &random)
}

private func widened(_ x: Tensor<Float>, _ rounding: (Float) -> Double) -> Tensor<Double> {
    Tensor(x.shape, x.array.map(rounding))
}

private func largestDifference(_ a: Tensor<Float>, _ b: Tensor<Double>) -> Double {
    let size = b.array.map(abs).max() ?? 0
    return zip(a.array, b.array).map { abs(Double($0) - $1) }.max().map { $0 / max(size, 1e-30) } ?? 0
}

/// Products and their gradients, in every size that the kernels treat differently: single rows and columns, panels that
/// are not full, odd reductions, operands wide enough to be copied, and rows that would share lines of the cache.
@Suite struct PackedProductTests {
    static let sizes = [
        (1, 1, 1), (13, 17, 9), (50, 33, 64), (25, 100, 31), (131, 8, 8), (700, 48, 16), (97, 96, 5), (300, 130, 250),
        (1200, 16, 100), (2, 520, 300), (20, 40, 530), (40, 100, 1024), (60, 70, 2048), (30, 1024, 70),
    ]

    @Test(arguments: sizes) func singlePrecisionEqualsDouble(rows: Int, out: Int, inner: Int) {
        check(rows, out, inner, .full) { Double($0) }
    }

    /// Against products in double precision of operands rounded beforehand, so that only the order of sums may differ.
    @Test(arguments: sizes) func bfloat16RoundsTheOperandsAndNothingElse(rows: Int, out: Int, inner: Int) {
        check(rows, out, inner, .bfloat16) { ProductPrecision.hasBFloat16 ? roundedToBFloat16($0) : Double($0) }
    }

    private func check(
        _ rows: Int, _ out: Int, _ inner: Int, _ precision: ProductPrecision, _ rounding: (Float) -> Double
    ) {
        let (x, w, g) = (normal([rows, inner], "x"), normal([out, inner], "w"), normal([rows, out], "g"))
        let b = normal([out], "b")
        let (wideX, wideW, wideG) = (widened(x, rounding), widened(w, rounding), widened(g, rounding))
        ProductPrecision.$current.withValue(precision) {
            #expect(largestDifference(x.linear(w, b), wideX.linear(wideW, widened(b) { Double($0) })) < 2e-6)
            #expect(largestDifference(g.linearInputGradient(w), wideG.linearInputGradient(wideW)) < 2e-6)
            #expect(largestDifference(g.linearWeightGradient(x), wideG.linearWeightGradient(wideX)) < 2e-6)
        }
    }

    @Test func aRowDoesNotDependOnItsNeighbours() {
        let (x, w) = (normal([301, 40], "x"), normal([70, 40], "w"))
        let all = x.linear(w, nil).array
        for row in [0, 7, 150, 300] {
            let alone = Tensor<Float>([1, 40], Array(x.array[row * 40..<(row + 1) * 40])).linear(w, nil)
            #expect(alone.array == Array(all[row * 70..<(row + 1) * 70]))
        }
    }

    /// Those of AVX-512, where the processor has it, and those of AVX2 or NEON: each element a chain of multiply-adds.
    @Test(arguments: sizes) func bitsAreThoseOfAPlainLoopOnVectorsOfEveryWidth(rows: Int, out: Int, inner: Int) {
        guard hb_packed_products() != 0 else { return }
        let (x, w, b) = (normal([rows, inner], "x").array, normal([out, inner], "w").array, normal([out], "b").array)
        var expected = [Float]()
        for i in 0..<rows {
            for j in 0..<out {
                expected.append((0..<inner).reduce(b[j]) { $0.addingProduct(x[i * inner + $1], w[j * inner + $1]) })
            }
        }
        for narrow in hb_narrow_products() != 0 ? [false, true] : [false] {
            let panels = (out + 31) / 32
            var (packed, y) = (
                [Float](repeating: .nan, count: panels * 32 * inner), [Float](repeating: .nan, count: rows * out)
            )
            (narrow ? hb_narrow_pack_panels : hb_pack_panels)(w, inner, 1, inner, out, 0, panels, &packed)
            (narrow ? hb_narrow_packed_product : hb_packed_product)(rows, out, inner, x, inner, packed, b, 0, &y, out)
            #expect(y == expected, "narrow vectors: \(narrow)")
            var (sums, added) = (w, w)
            for p in 0..<out {
                for j in 0..<inner {
                    sums[p * inner + j] = (0..<rows).reduce(w[p * inner + j]) {
                        $0.addingProduct(expected[$1 * out + p], x[$1 * inner + j])
                    }
                }
            }
            (narrow ? hb_narrow_add_transposed_product : hb_add_transposed_product)(
                out, inner, rows, expected, out, x, inner, &added, inner)
            #expect(added == sums, "transposed, narrow vectors: \(narrow)")
        }
    }
}
