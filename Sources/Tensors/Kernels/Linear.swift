extension Tensor {
    /// y = x W^T + b over rows: x [.., in], W [out, in], b [out] -> [.., out].
    public func linear(_ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let operand = ProductOperand(rowsOf: weight)
        defer { withExtendedLifetime((weight, bias)) {} }
        return Tensor(shape.replacing(axis: -1, with: weight.shape[0])) { y in
            read { x in operand.parallelProduct(shape.rows, x, bias: bias?.start, into: y) }
        }
    }

    /// For self = g [.., out]: dx = g W, [.., in].
    package func linearInputGradient(_ weight: Tensor) -> Tensor {
        let (rows, out, inner) = (shape.rows, weight.shape[0], weight.shape[1])
        // A copy of a large weight in the order of the product is made some columns at a time: 16 MB.
        let most = max(32, (1 << 22) / max(1, out) / 32 * 32)
        defer { withExtendedLifetime(weight) {} }
        return Tensor(shape.replacing(axis: -1, with: inner)) { dx in
            read { g in
                forEachBlock(0..<inner, most) { some in
                    let operand = ProductOperand(
                        weight.start + some.lowerBound, stride: inner, transposed: false, inner: out,
                        columns: some.count)
                    parallelFor(rows, grain: productChunkRows(rows, columns: some.count, inner: out)) { range in
                        operand.product(
                            range.count, g + range.lowerBound * out,
                            into: dx + range.lowerBound * inner + some.lowerBound, strideC: inner)
                    }
                }
            }
        }
    }

    /// For self = g [.., out] and x [.., in]: dW = g^T x, [out, in].
    package func linearWeightGradient(_ x: Tensor) -> Tensor {
        let (rows, out, inner) = (shape.rows, shape.columns, x.shape.columns)
        return Tensor([out, inner]) { dw in
            withElements(self, x) { g, x in reducingProduct(out, inner, rows, g, x, into: dw) }
        }
    }
}
