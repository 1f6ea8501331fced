extension Tensor {
    /// y = x W^T + b over rows: x [.., in], W [out, in], b [out] -> [.., out].
    public func linear(_ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let (rows, inner, out) = (shape.rows, shape.columns, weight.shape[0])
        return Tensor(shape.replacing(axis: -1, with: out)) { y in
            withElements(self, weight, bias ?? weight) { x, w, b in
                let addBias = bias != nil
                matrixProduct(rows, out, inner, x, w, transposingB: true, into: y) { range in
                    guard addBias else { return }
                    S.addRow(b, y + range.lowerBound * out, range.count, out)
                }
            }
        }
    }

    /// For self = g [.., out]: dx = g W, [.., in].
    public func linearInputGradient(_ weight: Tensor) -> Tensor {
        let (rows, out, inner) = (shape.rows, shape.columns, weight.shape[1])
        return Tensor(shape.replacing(axis: -1, with: inner)) { dx in
            withElements(self, weight) { g, w in matrixProduct(rows, inner, out, g, w, into: dx) }
        }
    }

    /// For self = g [.., out] and x [.., in]: dW = g^T x, [out, in].
    public func linearWeightGradient(_ x: Tensor) -> Tensor {
        let (rows, out, inner) = (shape.rows, shape.columns, x.shape.columns)
        return Tensor([out, inner]) { dw in
            withElements(self, x) { g, x in reducingProduct(out, inner, rows, g, x, into: dw) }
        }
    }
}
